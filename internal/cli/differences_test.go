package cli

import (
	"fmt"
	"strings"
	"testing"

	"github.com/deployfile/deployfile/internal/terminal"
	"github.com/deployfile/deployfile/report"
	"github.com/google/go-cmp/cmp"
)

// A dry run is told in packages and files.
func TestWriteDifferences(t *testing.T) {
	digest := func(c string) string { return "sha256:" + strings.Repeat(c, 64) }
	list := []report.Difference{
		{Kind: "base", Op: "changed", Name: "digest", Was: digest("a"), Is: digest("b")},
		{Kind: "package", Op: "changed", Name: "requests", Was: "2.34.2", Is: "2.33.1"},
		{Kind: "package", Op: "added", Name: "click", Is: "8.1"},
		{Kind: "package", Op: "removed", Name: "flask", Was: "3.0"},
		{Kind: "model-file", Op: "changed", Name: "model.skops", Was: digest("a"), Is: digest("b"), WasSize: 1000, IsSize: 1000},
		{Kind: "model-file", Op: "changed", Name: "MLmodel", Was: digest("a"), Is: digest("b"), WasSize: 1000, IsSize: 2000},
	}
	var b strings.Builder
	writeDifferences(terminal.NewWriter(&b), list)
	const want = `  ~ base digest aaaaaaaaaaaa -> bbbbbbbbbbbb
  ~ requests 2.34.2 -> 2.33.1
  + click 8.1
  - flask 3.0
  ~ model file model.skops
  ~ model file MLmodel 1kB -> 2kB
`
	if d := cmp.Diff(want, b.String()); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
	b.Reset()
	for n := range 30 {
		list = append(list, report.Difference{Kind: "package", Op: "added", Name: fmt.Sprint("x", n), Is: "1"})
	}
	writeDifferences(terminal.NewWriter(&b), list)
	if !strings.HasSuffix(b.String(), "  and 16 more; --json has them all\n") {
		t.Error(b.String())
	}
}
