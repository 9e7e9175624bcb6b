package deployfile

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/deployfile/deployfile/internal/testing/growth"
)

// A hostile text has as many mistakes as it has keys; 1000 are reported, each drawn
// in some bytes, also where all are on one line.
func TestManyMistakes(t *testing.T) {
	var keys strings.Builder
	for i := range 20_000 {
		fmt.Fprintf(&keys, "k%d = 1\n", i)
	}
	for name, text := range map[string]string{
		"values on one line": "[image]\nplatforms = [" + strings.Repeat("'ä',", 50_000) + "]\n",
		"keys":               keys.String(),
	} {
		_, _, err := Parse("D", []byte(text), TestKinds)
		var errs Errors
		if !errors.As(err, &errs) || len(errs) > maxFound || len(errs) < maxFound/2 {
			t.Fatalf("%s: %d errors", name, len(errs))
		}
		var drawn bytes.Buffer
		source := newText([]byte(text))
		for _, d := range errs {
			checkRange(t, source, d)
			if err := Render(&drawn, []byte(text), d); err != nil {
				t.Fatal(err)
			}
		}
		if drawn.Len() > 8000*len(errs) {
			t.Errorf("%s: %d bytes are drawn of %d errors", name, drawn.Len(), len(errs))
		}
	}
}

func TestParseGrowsLinearly(t *testing.T) {
	growth.Linear(t, 6000, func(n int) func() {
		source := []byte("model.source = 'm'\n[image]\ntags = [" + strings.Repeat("'ä',", n) + "]\n")
		return func() {
			if _, _, err := Parse("D", source, TestKinds); err == nil {
				t.Error("no error")
			}
		}
	})
}

// Of a long line, what is around the place is drawn, and no credential of which the
// beginning is left out.
func TestRenderLongLine(t *testing.T) {
	left := "a = ['https://user:" + strings.Repeat("hunter2", 300)
	source := []byte(left + "@example.com', 'here', '" + strings.Repeat("x", 5000) + "']")
	at := strings.Index(string(source), "here") + 1
	d := Diagnostic{Severity: SeverityError, Message: "no", File: "D", Range: Range{Position{1, at}, Position{1, at + 4}}}
	var b bytes.Buffer
	if err := Render(&b, source, d); err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(b.String(), "\n")
	if strings.Contains(b.String(), "hunter2") || !strings.Contains(lines[2], "***@example.com', 'here'") || b.Len() > 4*shownWidth {
		t.Errorf("it is drawn as\n%s", b.String())
	}
	line, marks := []rune(lines[2]), []rune(lines[3])
	if got := string(line[len(marks)-4 : len(marks)]); got != "here" {
		t.Errorf("%q is underlined in\n%s", got, b.String())
	}
}
