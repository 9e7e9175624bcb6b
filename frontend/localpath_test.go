package frontend

import "testing"

// TestLocalPath writes paths as requirements that uv reads as the same paths.
func TestLocalPath(t *testing.T) {
	for name, want := range map[string]string{
		"wheels/a.whl":         "./wheels/a.whl",
		"Modèle v1/a.whl":      "./Modèle v1/a.whl",
		"[x]/a.whl":            "file:./%5Bx%5D/a.whl",
		"50% 1; $HOME --x/a b": "file:./50%25%201%3B%20%24HOME%20--x/a%20b",
	} {
		if got := localPath(name); got != want {
			t.Errorf("%s: %s instead of %s", name, got, want)
		}
	}
}
