package resolver

import (
	"errors"
	"strings"
	"testing"
)

func TestHashes(t *testing.T) {
	hash := func(c string) string { return strings.Repeat(c, 64) }
	file := func(name, c string) string {
		return `{ url = "https://example.com/` + name + `", size = 1, hashes = { sha256 = "` + hash(c) + `" } }`
	}
	pylock := "lock-version = \"1.0\"\ncreated-by = \"uv\"\n\n" +
		"[[packages]]\nname = \"a\"\nversion = \"1\"\nsdist = " + file("a-1.tar.gz", "0") + "\nwheels = [\n    " + file("a-1-py2-none-any.whl", "1") + ",\n    " + file("a-1-py3-none-any.whl", "2") + ",\n]\n\n" +
		"[[packages]]\nname = \"B_b\"\nversion = \"2\"\nwheels = [" + file("b-2-py3-none-any.whl", "3") + "]\n\n" +
		"[[packages]]\nname = \"c\"\narchive = { path = \"./wheels/c-1-py3-none-any.whl\", hashes = { sha256 = \"" + hash("4") + "\" } }\n\n" +
		"[[packages]]\nname = \"d\"\nvcs = { type = \"git\", url = \"https://example.com/d\", commit-id = \"" + hash("5")[:40] + "\" }\n"
	one := func(of ...string) [][]string { return [][]string{of} }
	for name, c := range map[string]struct {
		h Hashes
		// gone are files that are removed, refused the package of the error and want a
		// part of it.
		gone          []string
		refused, want string
	}{
		"none":                {},
		"of the wheel":        {h: Hashes{Allowed: map[string][][]string{"a": one("sha256:" + hash("2"))}}, gone: []string{"a-1.tar.gz", "a-1-py2"}},
		"of two files":        {h: Hashes{Allowed: map[string][][]string{"a": one("sha256:"+hash("0"), "sha256:"+hash("2"))}}, gone: []string{"a-1-py2"}},
		"of two requirements": {h: Hashes{Allowed: map[string][][]string{"a": {{"sha256:" + hash("0"), "sha256:" + hash("2")}, {"sha256:" + hash("2"), "sha512:1"}}}}, gone: []string{"a-1.tar.gz", "a-1-py2"}},
		"wrong":               {h: Hashes{Allowed: map[string][][]string{"b-b": one("sha256:" + hash("9"))}}, refused: "b-b", want: "expected sha256:999"},
		"another algorithm":   {h: Hashes{Allowed: map[string][][]string{"b-b": one("sha512:1")}}, refused: "b-b", want: "expected sha512:1, found sha256:333"},
		"by path":             {h: Hashes{Allowed: map[string][][]string{"wheels/c-1-py3-none-any.whl": one("sha256:" + hash("9"))}}, refused: "c", want: "found sha256:444"},
		"of a repository":     {h: Hashes{Allowed: map[string][][]string{"d": one("sha256:" + hash("9"))}}, refused: "d", want: "name a commit"},
		"of another version":  {h: Hashes{Pinned: map[string][]PinnedHashes{"a": {{"==1", []string{"sha256:" + hash("2")}}, {"==2.*", []string{"sha256:" + hash("9")}}, {"==2", nil}}}}, gone: []string{"a-1.tar.gz", "a-1-py2"}},
		"of this version":     {h: Hashes{Pinned: map[string][]PinnedHashes{"b-b": {{"==2.0", []string{"sha256:" + hash("9")}}}}}, refused: "b-b", want: "expected sha256:999"},
		"of no other version": {h: Hashes{All: true, Pinned: map[string][]PinnedHashes{"a": {{"==2", []string{"sha256:" + hash("2")}}}}}, refused: "a", want: "--require-hashes demands"},
		"of all":              {h: Hashes{All: true, Allowed: map[string][][]string{"a": one("sha256:" + hash("2"))}}, refused: "b-b", want: "--require-hashes demands"},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := c.h.enforce([]byte(pylock))
			var refused *RequirementError
			if errors.As(err, &refused) != (c.refused != "") || refused != nil && (refused.Name != c.refused || !strings.Contains(err.Error(), c.want)) {
				t.Fatalf("error %v, want one of %q with %q", err, c.refused, c.want)
			}
			if err != nil {
				return
			}
			if _, err := ParsePylock(got); err != nil {
				t.Errorf("%v\n%s", err, got)
			}
			for line := range strings.SplitSeq(pylock, "\n") {
				gone := false
				for _, g := range c.gone {
					gone = gone || strings.Contains(line, g)
				}
				if strings.Contains(string(got), line) == gone {
					t.Errorf("line %q: gone %v", line, gone)
				}
			}
		})
	}
}

func TestPinnedHashes(t *testing.T) {
	for _, c := range []struct {
		specifier, version string
		want               bool
	}{
		{"==1.26.4", "1.26.4", true},
		{"==1.26.4", "1.26.4+cpu", true},
		{"==1.26", "1.26.0", true},
		{"==2.0rc1", "2.0rc1", true},
		{"==1.26.4", "2.0.1", false},
		{"==1.26.4+cpu", "1.26.4", false},
		// What cannot be compared may be meant.
		{"==1.26.4", "none", true},
	} {
		if got := (PinnedHashes{Specifier: c.specifier}).of(c.version); got != c.want {
			t.Errorf("%s of %s: %v, want %v", c.specifier, c.version, got, c.want)
		}
	}
}
