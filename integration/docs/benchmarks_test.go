package docs

import (
	"fmt"
	"math"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// TestFiguresOfReadme compares the table of README with docs/benchmarks.md, which
// `make bench` writes: each figure must be the measured one, rounded.
func TestFiguresOfReadme(t *testing.T) {
	measured, err := os.ReadFile("../../docs/benchmarks.md")
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(readme)
	if err != nil {
		t.Fatal(err)
	}
	const cold, model, bump = "### Cold: new builder, new registry", "### Small model file changed", "### One small requirement bumped"
	const ours, verified, tuned, theirs = "Deployfile", "Deployfile, verified", "hand-tuned Dockerfile", "mlflow generate-dockerfile"
	const seconds, pushed, size = 1, 2, 3
	type figure struct {
		section, way string
		column       int
	}
	for row, want := range map[string][][]figure{
		"image":       {{{cold, theirs, size}}, {{cold, tuned, size}}, {{cold, ours, size}}},
		"first build": {{{cold, theirs, seconds}}, {{cold, tuned, seconds}}, {{cold, ours, seconds}, {cold, verified, seconds}}},
		"pushed after a small change of the model": {{{model, theirs, pushed}}, {{model, tuned, pushed}}, {{model, ours, pushed}}},
		"pushed after a bump of a requirement":     {{{bump, theirs, pushed}}, {{bump, tuned, pushed}}, {{bump, ours, pushed}}},
	} {
		cells := cellsOf(t, string(text), "## Why", row)
		if len(cells) != len(want)+1 {
			t.Fatalf("%q has %d columns", row, len(cells))
		}
		for n, figures := range want {
			said := regexp.MustCompile(`[0-9.]+ (MB|kB|s)\b`).FindAllString(cells[n+1], -1)
			if len(said) != len(figures) {
				t.Errorf("%q: %q has %d figures, not %d", row, cells[n+1], len(said), len(figures))
				continue
			}
			for i, f := range figures {
				is := cellsOf(t, string(measured), f.section, f.way)[f.column]
				if f.column == seconds {
					is += " s"
				}
				if !rounded(t, said[i], is) {
					t.Errorf("%q: README says %q of %s, and it is %q", row, said[i], f.way, is)
				}
			}
		}
	}
}

// cellsOf returns the cells of a row of the first table after a heading.
func cellsOf(t *testing.T, text, heading, row string) []string {
	t.Helper()
	_, text, ok := strings.Cut(text, heading+"\n")
	if !ok {
		t.Fatalf("no %q", heading)
	}
	for line := range strings.Lines(text) {
		if strings.HasPrefix(line, "| "+row+" |") {
			cells := strings.Split(strings.Trim(strings.TrimSpace(line), "|"), "|")
			for n := range cells {
				cells[n] = strings.TrimSpace(cells[n])
			}
			return cells
		}
	}
	t.Fatalf("%q has no row %q", heading, row)
	return nil
}

// rounded reports whether a figure is another one, rounded to its own digits.
func rounded(t *testing.T, said, is string) bool {
	t.Helper()
	number := func(text string) (value float64, unit string) {
		figure, unit, _ := strings.Cut(text, " ")
		value, err := strconv.ParseFloat(figure, 64)
		if err != nil {
			t.Fatalf("%q: %v", text, err)
		}
		return value, unit
	}
	a, unit := number(said)
	b, measured := number(is)
	_, decimals, _ := strings.Cut(strings.Fields(said)[0], ".")
	half := 0.5 / math.Pow10(len(decimals))
	return unit == measured && math.Abs(a-b) <= half+1e-9
}

func TestRounded(t *testing.T) {
	for _, c := range []struct {
		said, is string
		want     bool
	}{{"181 MB", "181.0 MB", true}, {"0.4 MB", "0.4 MB", true}, {"26 s", "26.3 s", true}, {"26 s", "26.6 s", false}, {"15 kB", "15.1 MB", false}, {"0.4 MB", "0.46 MB", false}} {
		if got := rounded(t, c.said, c.is); got != c.want {
			t.Error(fmt.Sprint(c), got)
		}
	}
}
