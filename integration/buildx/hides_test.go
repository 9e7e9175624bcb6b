//go:build integration

package buildx

import (
	"strings"
	"testing"
)

// hides fails if the secret is in one of the texts.
func hides(t *testing.T, secret string, texts map[string]string) {
	t.Helper()
	for name, text := range texts {
		if strings.Contains(text, secret) {
			t.Errorf("the secret is in the %s", name)
		}
	}
}
