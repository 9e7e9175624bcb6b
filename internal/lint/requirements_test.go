package lint

import (
	"strings"
	"testing"

	"github.com/deployfile/deployfile/deployfile"
	"github.com/deployfile/deployfile/internal/testing/growth"
	"github.com/deployfile/deployfile/manifests/kinds"
	"github.com/deployfile/deployfile/mlmodel"
)

func TestUnpinnedRequirementsGrowLinearly(t *testing.T) {
	growth.Linear(t, 1000, func(n int) func() {
		file, _, err := deployfile.Parse("Deployfile", []byte("model.source = 'm'\n"), kinds.All())
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
