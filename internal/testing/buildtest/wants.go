package buildtest

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/moby/buildkit/solver/errdefs"
)

// WantError fails unless the error says all of it.
func WantError(t *testing.T, err error, words ...string) {
	t.Helper()
	if err == nil {
		t.Fatalf("no error; want %q", words)
	}
	for _, w := range words {
		if !strings.Contains(err.Error(), w) {
			t.Errorf("the error does not say %q:\n%v", w, err)
		}
	}
}

// WantSource fails unless the error is about a line of the Deployfile that
// starts with one of the prefixes.
func WantSource(t *testing.T, err error, deployfile string, prefixes ...string) {
	t.Helper()
	lines := strings.Split(deployfile, "\n")
	var got []string
	for _, s := range errdefs.Sources(err) {
		if string(s.Info.Data) != deployfile {
			continue // a file that the Deployfile names
		}
		for _, r := range s.Ranges {
			got = append(got, lines[r.Start.Line-1])
		}
	}
	for _, line := range got {
		for _, p := range prefixes {
			if strings.HasPrefix(line, p) {
				return
			}
		}
	}
	var s *errdefs.SolveError
	t.Errorf("the error points at %q, want a line that starts with one of %q (solve error: %v)\n%v", got, prefixes, errors.As(err, &s), err)
}

// WantLines fails unless the error is about these lines of a file, and of the
// Deployfile if there are none.
func WantLines(t *testing.T, err error, p *Project, file string, want ...string) {
	t.Helper()
	if len(want) == 0 {
		WantSource(t, err, p.Read(t, "Deployfile"), "[environment]")
		return
	}
	lines := strings.Split(p.Read(t, file), "\n")
	var got []string
	for _, s := range errdefs.Sources(err) {
		if s.Info.Filename != file {
			continue
		}
		for _, r := range s.Ranges {
			got = append(got, lines[r.Start.Line-1])
		}
	}
	slices.Sort(got)
	slices.Sort(want)
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("the error points at these lines of %s:\n%s\n%v", file, d, err)
	}
}

// Warnings returns the texts of a build's warnings.
func Warnings(o Outcome) string {
	var out strings.Builder
	for _, w := range o.Warnings {
		out.Write(w.Short)
		for _, d := range w.Detail {
			out.WriteByte('\n')
			out.Write(d)
		}
		out.WriteByte('\n')
	}
	return out.String()
}
