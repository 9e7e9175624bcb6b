package frontend

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/deployfile/deployfile/resolver"
	"github.com/distribution/reference"
)

// How programs say what keeps them from a server: uv and Go, Python, apt and curl.
var (
	noTrust = regexp.MustCompile(`(?i)UnknownIssuer|certificate verify failed|certificate is NOT trusted|certificate signed by unknown authority|self[- ]signed certificate`)
	noWay   = regexp.MustCompile(`(?i)no such host|failed to lookup address|name or service not known|temporary failure in name resolution|network is unreachable|i/o timeout|connection refused|connection timed out`)
	noEntry = regexp.MustCompile(`(?i)401 Unauthorized|403 Forbidden|authorization failed|pull access denied|no basic auth credentials|authentication required`)
)

// stepHint says what to do where a step could not reach a server, or did not trust it;
// "" if that is not why it failed.
func (i *Inspection) stepHint(step *resolver.StepError) string {
	switch {
	case step.Kind != "index" && !strings.HasPrefix(step.Step, "resolve "):
		// What a model's or a package's code says is not about the builder's network.
	case noTrust.MatchString(step.Message):
		return fmt.Sprintf("trust the authority that signed the certificate: --secret id=%s,src=/etc/ssl/certs/ca-certificates.crt; see docs/networks.md, Certificates", i.File.Environment.CA)
	case noWay.MatchString(step.Message) && !i.hasDefaultIndex():
		return "where only a mirror of the default index is reached: --build-arg DEPLOYFILE_INDEX=https://MIRROR/simple; see docs/networks.md, A mirror"
	}
	return ""
}

// hasDefaultIndex reports whether something takes the place of pip's own index.
func (i *Inspection) hasDefaultIndex() bool {
	for _, x := range i.env.indexes {
		if x.Default {
			return true
		}
	}
	return false
}

// imageHint says what to do where an image cannot be had; "" if that is not known.
func (i *Inspection) imageHint(e *ImageError) string {
	said := e.Err.Error()
	host, mirrored := "", ""
	if named, err := reference.ParseNormalizedNamed(e.Ref); err == nil {
		host = reference.Domain(named)
		mirrored = "mirror.example.com/" + strings.TrimPrefix(reference.TagNameOnly(named).String(), host+"/")
	}
	_, written := i.File.Position("environment", e.Name)
	switch {
	case noTrust.MatchString(said):
		return "images are fetched by BuildKit itself, which trusts what its own machine trusts, and its buildkitd.toml ([registry.\"" + host + "\"] ca); see docs/networks.md, Certificates"
	case noWay.MatchString(said) && !written && mirrored != "":
		return fmt.Sprintf("%s is the default; where only a mirror is reached, write %s = %q in [environment]", e.Ref, e.Name, mirrored)
	case noEntry.MatchString(said) && host != "":
		return "it is missing, or needs a login: docker login " + host
	}
	return ""
}
