package deployfile

import (
	"strings"
	"testing"
)

// The example lists the names that no target may have.
func TestExampleListsOutputs(t *testing.T) {
	text := strings.Join(strings.Fields(strings.ReplaceAll(string(readExample(t)), "\n#", "\n")), " ")
	if want := "(" + strings.Join(Outputs(), ", ") + ")"; !strings.Contains(text, want) {
		t.Errorf("Deployfile.example does not say %q", want)
	}
}
