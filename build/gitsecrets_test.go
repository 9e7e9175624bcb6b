package build

import (
	"errors"
	"strings"
	"testing"
)

func TestGitSecrets(t *testing.T) {
	t.Setenv("TOKEN", "x")
	t.Setenv("GIT_AUTH_TOKEN", "x")
	for secret, refused := range map[string]bool{
		"id=GIT_AUTH_TOKEN,env=TOKEN":                 true,
		"env=TOKEN,ID=GIT_AUTH_HEADER":                true,
		"type=env,\"id=GIT_AUTH_TOKEN\",env=TOKEN":    true,
		"id=GIT_AUTH_TOKEN.git.example.com,env=TOKEN": false,
		"id=corp,env=GIT_AUTH_TOKEN":                  false,
	} {
		_, err := attachables(Options{Secrets: []string{secret}})
		var usage *UsageError
		if errors.As(err, &usage) != refused || refused && !strings.Contains(err.Error(), ".HOST") {
			t.Errorf("%s: %v", secret, err)
		}
	}
}
