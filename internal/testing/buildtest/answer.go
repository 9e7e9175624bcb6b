package buildtest

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"testing"
)

// Answer is what the server of a tiny project says of the process that it runs in.
type Answer struct {
	Packages    map[string]string
	Modules     map[string]string
	Environment map[string]string
}

// Versions returns the packages as "name==version", in order.
func (a Answer) Versions() []string {
	var out []string
	for _, name := range slices.Sorted(maps.Keys(a.Packages)) {
		out = append(out, fmt.Sprintf("%s==%s", name, a.Packages[name]))
	}
	return out
}

// About builds and runs a tiny project and returns what it says of itself.
func About(t *testing.T, p *Project) (Answer, *Image) {
	t.Helper()
	var text string
	img := p.Serve(t, func(s *Server) { text = s.Get(t, "/about") })
	var a Answer
	Decode(t, text, &a)
	return a, img
}

// Decoded returns the value of a JSON text.
func Decoded(t *testing.T, text string) (v any) {
	t.Helper()
	Decode(t, text, &v)
	return v
}

// Decode decodes a JSON text.
func Decode(t *testing.T, text string, into any) {
	t.Helper()
	if err := json.Unmarshal([]byte(text), into); err != nil {
		t.Errorf("%v: %s", err, text)
	}
}
