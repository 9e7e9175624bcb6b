package resolver

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestModelChanges(t *testing.T) {
	lock := &Lock{Model: []ModelFile{
		{Path: "MLmodel", Size: 1, SHA256: "aa"},
		{Path: "latest", Size: 1, SHA256: "11", Link: "a"},
		{Path: "model.pkl", Size: 2, SHA256: "bb"},
		{Path: "old", Size: 3, SHA256: "cc"},
		{Path: "run", Size: 3, SHA256: "ee", Executable: true},
		{Path: "start", Size: 3, SHA256: "ee"},
		{Path: "was", Size: 1, SHA256: "22", Link: "b"},
		{Path: "weights", Size: 3, SHA256: "33"},
	}}
	got := lock.ModelChanges([]ModelFile{
		{Path: "MLmodel", Size: 1, SHA256: "aa"},
		{Path: "latest", Size: 1, SHA256: "22", Link: "b"},
		{Path: "model.pkl", Size: 2, SHA256: "b0"},
		{Path: "new", Size: 1, SHA256: "dd"},
		{Path: "run", Size: 3, SHA256: "ee"},
		{Path: "start", Size: 3, SHA256: "ee", Executable: true},
		// The bytes of the file are those of the link that was there.
		{Path: "was", Size: 1, SHA256: "22"},
		{Path: "weights", Size: 3, SHA256: "33", Link: "abc"},
	})
	want := []string{
		`model file "latest" is now a link to "b"`,
		`model file "model.pkl" has other contents`,
		`model file "new" was added`,
		`model file "run" may no longer be run`,
		`model file "start" may now be run`,
		`model file "was" is no link any more`,
		`model file "weights" is now a link to "abc"`,
		`model file "old" was removed`,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// A client on Windows says of every file that it may be run.
func TestModelChangesWhereAllMayRun(t *testing.T) {
	lock := &Lock{Model: []ModelFile{{Path: "MLmodel", Size: 1, SHA256: "aa"}, {Path: "link", SHA256: "bb", Link: "MLmodel"}}}
	now := []ModelFile{{Path: "MLmodel", Size: 1, SHA256: "aa", Executable: true}, {Path: "link", SHA256: "bb", Link: "MLmodel"}}
	if diff := cmp.Diff([]string(nil), lock.ModelChanges(now)); diff != "" {
		t.Error(diff)
	}
}
