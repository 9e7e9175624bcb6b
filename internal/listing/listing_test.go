package listing

import (
	"strings"
	"testing"
)

func TestQuoted(t *testing.T) {
	for want, values := range map[string][]string{"": nil, `"a"`: {"a"}, `"a", "b\"\n"`: {"a", "b\"\n"}} {
		if got := Quoted(values); got != want {
			t.Errorf("%q: %s", values, got)
		}
	}
}

func TestFirst(t *testing.T) {
	for n, want := range map[int]string{0: "", 2: "x, x", 13: strings.TrimSuffix(strings.Repeat("x, ", 13), ", "), 14: strings.TrimSuffix(strings.Repeat("x, ", 12), ", ") + " and 2 more"} {
		values := make([]string, n)
		for i := range values {
			values[i] = "x"
		}
		if got := First(values); got != want {
			t.Errorf("%d: %s", n, got)
		}
	}
}

func TestUpTo(t *testing.T) {
	for n, want := range map[int]string{1: "a and 2 more", 2: "a, b and 1 more", 3: "a, b, c", 4: "a, b, c"} {
		if got := UpTo(n, []string{"a", "b", "c"}); got != want {
			t.Errorf("%d: %s", n, got)
		}
	}
}
