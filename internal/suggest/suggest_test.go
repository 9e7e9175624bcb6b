package suggest

import (
	"strings"
	"testing"
)

func TestClosest(t *testing.T) {
	names := []string{"env", "lock", "image", "build-context", "plan"}
	for given, want := range map[string]string{
		"lokc":                   "lock", // swapped letters are two edits
		"IMAGES":                 "image",
		"build_contxt":           "build-context",
		"x":                      "",
		"":                       "",
		"deployment":             "",
		strings.Repeat("a", 101): "",
	} {
		if got := Closest(given, names); got != want {
			t.Errorf("%q: %q instead of %q", given, got, want)
		}
	}
}

func TestOneOf(t *testing.T) {
	for given, want := range map[string]string{"plna": `did you mean "plan"?`, "elsewhere": `use "env", "lock" or "plan"`} {
		if got := OneOf(given, []string{"env", "lock", "plan"}); got != want {
			t.Errorf("%q: %s", given, got)
		}
	}
	if got := OneOf("elsewhere", []string{"env"}); got != `use "env"` {
		t.Error(got)
	}
}
