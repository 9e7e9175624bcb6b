package lint

import (
	"strings"
	"testing"

	"github.com/deployfile/deployfile/deployfile"
	"github.com/deployfile/deployfile/internal/testing/growth"
	"github.com/deployfile/deployfile/mlmodel"
)

// A mask of many secrets is made in one pass over the text.
func TestMaskGrowsLinearly(t *testing.T) {
	growth.Linear(t, 1500, func(n int) func() {
		source := []byte(strings.Repeat("key = 'hunter2'\n", n))
		var findings []Finding
		for line := n; line > 0; line-- {
			findings = append(findings, Finding{Secret: true, Range: deployfile.Range{
				Start: deployfile.Position{Line: line, Column: 7}, End: deployfile.Position{Line: line, Column: 16},
			}})
		}
		return func() {
			if got := string(Mask(source, findings)); got != strings.Repeat("key = *********\n", n) {
				t.Errorf("%.40q", got)
			}
		}
	})
}

// Ranges in ranges, and one that ends behind its line.
func TestMaskOfOverlappingRanges(t *testing.T) {
	at := func(l1, c1, l2, c2 int) Finding {
		return Finding{Secret: true, Range: deployfile.Range{Start: deployfile.Position{Line: l1, Column: c1}, End: deployfile.Position{Line: l2, Column: c2}}}
	}
	got := string(Mask([]byte("abcdef\nghi\r\njkl"), []Finding{at(2, 2, 3, 2), at(1, 4, 1, 5), at(1, 2, 1, 9)}))
	if want := "a*****\ng**\r\n*kl"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestUnpinnedRequirementsGrowLinearly(t *testing.T) {
	growth.Linear(t, 1000, func(n int) func() {
		file, _, err := deployfile.Parse("Deployfile", []byte("model.source = 'm'\n"))
		if err != nil {
			t.Fatal(err)
		}
		in := Input{File: file, Model: &mlmodel.Model{}}
		for i := range n {
			name := strings.Repeat("a", 8) + string(rune('a'+i%26))
			in.Requirements = append(in.Requirements, mlmodel.Requirement{Name: name, Text: name, File: "r.txt", Line: i + 1})
			in.Constraints = append(in.Constraints, mlmodel.Requirement{Name: "b" + name, Specifier: "==1"})
		}
		return func() {
			if got := unpinnedRequirements(in); len(got) != n {
				t.Errorf("%d findings", len(got))
			}
		}
	})
}
