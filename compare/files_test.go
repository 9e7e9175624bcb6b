package compare_test

import (
	"testing"

	"github.com/deployfile/deployfile/compare"
	"github.com/deployfile/deployfile/report"
	"github.com/google/go-cmp/cmp"
)

func file(name string, attributes ...string) compare.File {
	f := compare.File{Name: name, Attributes: map[string]string{}}
	for n := 0; n < len(attributes); n += 2 {
		f.Attributes[attributes[n]] = attributes[n+1]
	}
	return f
}

func TestFiles(t *testing.T) {
	for name, test := range map[string]struct {
		was, is []compare.File
		want    []report.FileDiff
	}{
		"the same": {
			was: []compare.File{file("a", "mode", "0644")},
			is:  []compare.File{file("a", "mode", "0644")},
		},
		"attributes": {
			was: []compare.File{file("a", "mode", "0644", "xattr x", `"1"`), file("b")},
			is:  []compare.File{file("a", "mode", "0600", "mtime", "2026"), file("b")},
			want: []report.FileDiff{
				{File: "a", Attribute: "mode", Was: "0644", Is: "0600"},
				{File: "a", Attribute: "mtime", Is: "2026"},
				{File: "a", Attribute: "xattr x", Was: `"1"`},
			},
		},
		"missing and extra": {
			was:  []compare.File{file("a"), file("b")},
			is:   []compare.File{file("b"), file("c")},
			want: []report.FileDiff{{File: "a", Attribute: compare.Missing}, {File: "c", Attribute: compare.Extra}},
		},
		"another order": {
			was:  []compare.File{file("a"), file("b"), file("c")},
			is:   []compare.File{file("a"), file("c"), file("b")},
			want: []report.FileDiff{{File: "b", Attribute: compare.Order, Was: "1", Is: "2"}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			if d := cmp.Diff(append([]report.FileDiff{}, test.want...), compare.Files(test.was, test.is)); d != "" {
				t.Errorf("(-want +got):\n%s", d)
			}
		})
	}
}
