package deployfile

import (
	"errors"
	"slices"
	"testing"
)

// A key under a similar name is not missing as well.
func TestMisspeltIsNotMissing(t *testing.T) {
	for text, want := range map[string][]string{
		"[model]\nsouce = 'model'\n":     {"unknown-key"},
		"[model]\nelsewhere = 'model'\n": {"missing-key", "unknown-key"},
		"[model]\nsource = 'a'\n[targets.a]\nkind = 'kubernetes'\n[targets.a.ingress]\nhsot = 'b'\n": {"unknown-key"},
	} {
		_, _, err := Parse("D", []byte(text), TestKinds)
		var problems Errors
		if !errors.As(err, &problems) {
			t.Fatal(err)
		}
		var got []string
		for _, d := range problems {
			got = append(got, d.Rule)
		}
		slices.Sort(got)
		if !slices.Equal(got, want) {
			t.Errorf("%s: %q", text, got)
		}
	}
}
