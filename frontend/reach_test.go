package frontend

import (
	"errors"
	"strings"
	"testing"

	"github.com/deployfile/deployfile/deployfile"
	"github.com/deployfile/deployfile/manifests/kinds"
	"github.com/deployfile/deployfile/resolver"
)

func inspectionOf(t *testing.T, text string) *Inspection {
	t.Helper()
	f, _, err := deployfile.Parse("Deployfile", []byte(text), kinds.All())
	if err != nil {
		t.Fatal(err)
	}
	return &Inspection{File: f, env: &environment{}}
}

// What keeps BuildKit from an image is answered with what mends it, and the default
// base with the key that replaces it.
func TestImageHint(t *testing.T) {
	const byDefault, written = "[model]\nsource = \"model\"\n", "[model]\nsource = \"model\"\n[environment]\nbase = \"python:3.11-slim\"\n"
	for _, c := range []struct{ text, said, want string }{
		{byDefault, "failed to do request: Head: dial tcp: lookup registry.example.com: no such host",
			`python:3.11-slim is the default; where only a mirror is reached, write base = "mirror.example.com/library/python:3.11-slim" in [environment]`},
		{written, "failed to do request: Head: dial tcp: lookup registry.example.com: no such host", ""},
		{byDefault, "pull access denied, repository does not exist or may require authorization", "docker login docker.io"},
		{byDefault, "tls: failed to verify certificate: x509: certificate signed by unknown authority", "buildkitd.toml"},
		{byDefault, "not found", ""},
	} {
		got := inspectionOf(t, c.text).imageHint(&ImageError{Name: "base", Ref: "python:3.11-slim", Err: errors.New(c.said)})
		if c.want == "" && got != "" || !strings.Contains(got, c.want) {
			t.Errorf("%s: %q, want %q", c.said, got, c.want)
		}
	}
}

// Hints about the network are for steps that have one.
func TestStepHint(t *testing.T) {
	const text = "[model]\nsource = \"model\"\n"
	const unknown, nowhere = "invalid peer certificate: UnknownIssuer", "failed to lookup address information: Name or service not known"
	for _, c := range []struct {
		step resolver.StepError
		want string
	}{
		{resolver.StepError{Step: "resolve 1 requirements", Kind: "index", Message: unknown}, "--secret id=ca,src="},
		{resolver.StepError{Step: "resolve system packages for linux/amd64", Message: "The certificate is NOT trusted."}, "--secret id=ca,src="},
		{resolver.StepError{Step: "find uv", Kind: "index", Message: nowhere}, "DEPLOYFILE_INDEX"},
		{resolver.StepError{Step: "verify that the image answers", Kind: "verify", Message: unknown + nowhere}, ""},
		{resolver.StepError{Step: "build the wheel of x", Message: unknown}, ""},
	} {
		got := inspectionOf(t, text).stepHint(&c.step)
		if c.want == "" && got != "" || !strings.Contains(got, c.want) {
			t.Errorf("%s: %q, want %q", c.step.Step, got, c.want)
		}
	}
}
