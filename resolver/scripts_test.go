//go:build integration

package resolver

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/BurntSushi/toml"
	"github.com/deployfile/deployfile/internal/testing/hostile"
	"github.com/google/go-cmp/cmp"
)

// The scripts write names of others as texts of TOML, and nothing else of the
// document is different.
func TestScriptsWriteTOML(t *testing.T) {
	const placeholder = "placeholder"
	names := []string{placeholder}
	for _, name := range hostile.Texts() {
		// JSON brings no other to a script.
		if name != "" && utf8.ValidString(name) {
			names = append(names, name)
		}
	}
	documents := scriptDocuments(t, names)
	for i, name := range names {
		for n, document := range documents[i] {
			got, want := map[string]any{}, map[string]any{}
			if _, err := toml.Decode(document, &got); err != nil {
				t.Errorf("%q makes it unreadable: %v\n%s", name, err, document)
				continue
			}
			if _, err := toml.Decode(documents[0][n], &want); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(withName(t, want, placeholder, name), withName(t, got, placeholder, placeholder)); diff != "" {
				t.Errorf("%q makes it something else (-want +got):\n%s", name, diff)
			}
		}
	}
}

// scriptDocuments are those that testdata/tables.py says, a list for each name.
func scriptDocuments(t *testing.T, names []string) (documents [][]string) {
	t.Helper()
	askScripts(t, "tables.py", names, &documents)
	return documents
}

// askScripts runs a program of testdata that runs parts of the scripts, and reads
// what it answers to a question.
func askScripts(t *testing.T, program string, question, answer any) {
	t.Helper()
	python := os.Getenv("DEPLOYFILE_TEST_PYTHON")
	if python == "" {
		t.Fatal("DEPLOYFILE_TEST_PYTHON is not set; run make test, or hack/with-env.sh go test ./resolver")
	}
	input, err := json.Marshal(question)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(python, "testdata/"+program, "scripts")
	var said bytes.Buffer
	cmd.Stdin, cmd.Stderr = bytes.NewReader(input), &said
	output, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v\n%s", err, said.String())
	}
	if err := json.Unmarshal(output, answer); err != nil {
		t.Fatal(err)
	}
}

// A lock says that a package is of a repository if it is that itself, and not what
// another repository has at a place that looks like it.
func TestRepositoryOfALock(t *testing.T) {
	const lock = `[[packages]]
name = "ours"
directory = { path = "/tmp/lock/repositories/ours/li b" }

[[packages]]
name = "beside"
directory = { path = "/tmp/lock/repositories/ours" }

[[packages]]
name = "inner"
directory = { path = "repositories/ours/li b/inner", editable = false }

[[packages]]
name = "disguised"
directory = { path = "repositories/theirs/repositories/ours/li b", editable = false }
`
	repository := map[string]string{"key": "ours", "url": "https://git.example.com/ours", "revision": "", "commit": "c0ffee", "subdirectory": "li%20b"}
	var named []string
	askScripts(t, "call.py", [][]any{{"name_repository", lock, repository}}, &named)
	want := strings.Replace(lock, `directory = { path = "/tmp/lock/repositories/ours/li b" }`,
		`vcs = { type = "git", url = "https://git.example.com/ours", commit-id = "c0ffee", subdirectory = "li%20b" }`, 1)
	if diff := cmp.Diff(want, named[0]); diff != "" {
		t.Error(diff)
	}
}

// withName has a name in the place of another, as JSON has values.
func withName(t *testing.T, v any, old, name string) any {
	t.Helper()
	var put func(v any) any
	put = func(v any) any {
		switch v := v.(type) {
		case string:
			return strings.ReplaceAll(v, old, name)
		case []any:
			for i := range v {
				v[i] = put(v[i])
			}
		case map[string]any:
			out := map[string]any{}
			for key, value := range v {
				out[put(key).(string)] = put(value)
			}
			return out
		}
		return v
	}
	data, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	var out any
	if err := json.Unmarshal(data, &out); err != nil {
		t.Fatal(err)
	}
	return put(out)
}

// What a wheel and a program say of themselves costs no more than reading them, and
// makes no number that the report cannot have.
func TestScriptsReadWhatIsUntrue(t *testing.T) {
	var got struct {
		Sizes []struct {
			Size, Installed int64
			Unread          string
		}
		Needed  [][]string
		Seconds float64
	}
	askScripts(t, "untrue.py", nil, &got)
	if s := got.Sizes; len(s) != 3 || s[0].Installed < 1000 || s[0].Unread != "" || s[1].Unread == "" || !strings.Contains(s[2].Unread, "too much to be true") {
		t.Errorf("sizes %+v", s)
	}
	if d := cmp.Diff([][]string{{"liba.so", "libb.so"}, {}, {"liba.so"}}, got.Needed); d != "" {
		t.Errorf("libraries (-want +got):\n%s", d)
	}
	if got.Seconds > 10 {
		t.Errorf("it took %.1f s", got.Seconds)
	}
}
