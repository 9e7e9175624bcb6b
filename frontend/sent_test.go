package frontend

import (
	"math/rand/v2"
	"testing"

	"github.com/moby/patternmatcher"
)

// TestSent matches random paths with the patterns by which clients are asked for them.
func TestSent(t *testing.T) {
	const letters = `aé *?[]{}()+|^!\$.-~'"#&%,;=@`
	random := rand.New(rand.NewPCG(1, 2))
	for range 2000 {
		name := ""
		for range 1 + random.IntN(8) {
			name += string([]rune(letters)[random.IntN(len([]rune(letters)))])
		}
		path := "m" + name + "m/MLmodel"
		m, err := patternmatcher.New([]string{sent(path)})
		if err != nil {
			t.Fatalf("%q: %v", path, err)
		}
		if ok, err := m.MatchesOrParentMatches(path); err != nil || !ok {
			t.Fatalf("%q does not match %q: %v", sent(path), path, err)
		}
		if ok, _ := m.MatchesOrParentMatches("m" + name + "m/other"); ok {
			t.Fatalf("%q matches another file", sent(path))
		}
	}
	if got := sent("models/iris-v1.2"); got != "models/iris-v1.2" {
		t.Errorf("a plain path became %q", got)
	}
}
