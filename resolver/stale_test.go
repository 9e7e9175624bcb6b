package resolver

import (
	"testing"

	"github.com/deployfile/deployfile/modelsource"
	"github.com/google/go-cmp/cmp"
)

func TestInputsChanges(t *testing.T) {
	was := exampleLock().Inputs
	for _, tt := range []struct {
		name   string
		change func(*Inputs)
		want   []string
	}{
		{"nothing", func(*Inputs) {}, nil},
		{"python", func(i *Inputs) { i.Python = "3.12" }, []string{`python was "3.11" and is now "3.12"`}},
		{"a cause", func(i *Inputs) { i.MLflow = "full"; i.Because("mlflow", `kind in [server] is "command"`) },
			[]string{`mlflow was "skinny" and is now "full", because kind in [server] is "command"`}},
		{"bump", func(i *Inputs) { i.Requirements = []string{"mlflow==3.2.0", i.Requirements[1]} },
			[]string{`requirement "mlflow==3.2.0" was added`, `requirement "mlflow==3.1.0" was removed`}},
		{"order", func(i *Inputs) { i.Requirements = []string{i.Requirements[1], i.Requirements[0]} }, []string{"the order of the requirements changed"}},
		{"system package", func(i *Inputs) { i.SystemPackages = nil }, []string{`system package "libgomp1" was removed`}},
		{"index", func(i *Inputs) { i.Indexes = []string{"corp https://pypi.example.com/simple"} }, []string{`index "corp https://pypi.example.com/simple" was added`}},
	} {
		now := exampleLock().Inputs
		tt.change(&now)
		if diff := cmp.Diff(tt.want, was.Changes(now)); diff != "" {
			t.Errorf("%s: %s", tt.name, diff)
		}
	}
}

// TestSourceChanges compares pins.
func TestSourceChanges(t *testing.T) {
	one := &modelsource.Pin{Source: "models:/iris@champion", Resolved: "models:/iris/3"}
	two := &modelsource.Pin{Source: "models:/iris@champion", Resolved: "models:/iris/4"}
	for _, tt := range []struct {
		name     string
		was, now *modelsource.Pin
		want     []string
	}{
		{name: "directory"},
		{name: "same", was: one, now: &modelsource.Pin{Source: one.Source, Resolved: one.Resolved}},
		{name: "from a directory", now: one, want: []string{`model.source is now "models:/iris@champion" (models:/iris/3)`}},
		{name: "to a directory", was: one, want: []string{`model.source was "models:/iris@champion" (models:/iris/3) and is now a source without a pin`}},
		{name: "moved", was: one, now: two,
			want: []string{`model.source was "models:/iris@champion" (models:/iris/3) and is now "models:/iris@champion" (models:/iris/4)`}},
	} {
		if diff := cmp.Diff(tt.want, (&Lock{ModelSource: tt.was}).SourceChanges(tt.now)); diff != "" {
			t.Errorf("%s: %s", tt.name, diff)
		}
	}
}

// TestStale changes what a lock is compared with, or the lock as a merge of two
// does.
func TestStale(t *testing.T) {
	for _, tt := range []struct {
		name string
		lock func(*Lock)
		// now is what the lock would be made from, platforms what is built for.
		now       func(*Inputs)
		platforms []string
		pylocks   map[string][]byte
		want      []string
	}{
		{name: "nothing"},
		{name: "inputs", now: func(i *Inputs) { i.Python = "3.12" }, want: []string{`python was "3.11" and is now "3.12"`}},
		{name: "platform", platforms: []string{"linux/amd64", "linux/arm64"},
			want: []string{"platform linux/arm64 is not in it; name it in [image] platforms, or give deployfile lock the same --platform"}},
		{name: "pylock", pylocks: map[string][]byte{"pylock.toml": []byte("y")},
			want: []string{"pylock.toml is not the file that the lock was made with; run deployfile lock"}},
		{name: "base of another lock", lock: func(l *Lock) { l.Base.Ref = "python:3.12-slim" },
			want: []string{`it was made for the base "python:3.11-slim" and has the digest of "python:3.12-slim" (a merge conflict?)`}},
		{name: "toolchain of another lock", lock: func(l *Lock) { l.Inputs.Toolchain, l.Toolchain.Ref = "tools:2", "tools:1" },
			now:  func(i *Inputs) { i.Toolchain = "tools:2" },
			want: []string{`it was made for the toolchain "tools:2" and has the digest of "tools:1" (a merge conflict?)`}},
		{name: "toolchain of an earlier base", lock: func(l *Lock) { l.Toolchain.Ref = "python:3.11" }},
		{name: "images of build contexts", lock: func(l *Lock) {
			l.Inputs.Toolchain, l.Base.Ref, l.Toolchain.Ref = "tools:1", "context:base", "context:toolchain"
		}, now: func(i *Inputs) { i.Toolchain = "tools:1" }},
		{name: "another base", now: func(i *Inputs) { i.Base = "python:3.11" },
			want: []string{`base was "python:3.11-slim" and is now "python:3.11"`}},
	} {
		lock, now := exampleLock(), exampleLock().Inputs
		if tt.lock != nil {
			tt.lock(lock)
		}
		if tt.now != nil {
			tt.now(&now)
		}
		if tt.pylocks == nil {
			tt.pylocks = map[string][]byte{"pylock.toml": []byte("x")}
		}
		if tt.platforms == nil {
			tt.platforms = []string{"linux/amd64"}
		}
		if diff := cmp.Diff(tt.want, lock.Stale(now, tt.platforms, tt.pylocks)); diff != "" {
			t.Errorf("%s: %s", tt.name, diff)
		}
	}
}
