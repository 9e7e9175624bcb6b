package frontend

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/deployfile/deployfile/deployfile"
	"github.com/deployfile/deployfile/mlmodel"
	"github.com/deployfile/deployfile/resolver"
)

var urlHash = regexp.MustCompile(`#(?:.*&)?sha256=([0-9a-f]{64})(?:&|$)`)

// demand records the hashes of a requirement or constraint.
func (e *environment) demand(r mlmodel.Requirement) {
	hashes := r.Hashes
	if m := urlHash.FindStringSubmatch(r.URL); m != nil {
		hashes = append(hashes[:len(hashes):len(hashes)], "sha256:"+m[1])
	}
	key := r.Name
	if key == "" {
		key = r.Path
	}
	if key == "" {
		key = r.URL
	}
	switch {
	case len(hashes) == 0 || key == "":
	case r.Marker != "" && r.Name != "" && r.Path == "" && r.URL == "" && exact(r.Specifier):
		e.hashes.Pinned[key] = append(e.hashes.Pinned[key], resolver.PinnedHashes{Specifier: r.Specifier, Hashes: hashes})
	default:
		e.hashes.Allowed[key] = append(e.hashes.Allowed[key], hashes)
	}
}

// exact reports whether a specifier is that of one version.
func exact(specifier string) bool {
	return strings.HasPrefix(specifier, "==") && !strings.HasPrefix(specifier, "===") && !strings.ContainsAny(specifier, ",*")
}

// checkHashes refuses a requirement without a hash where --require-hashes demands
// one.
func (e *environment) checkHashes(f *deployfile.File) error {
	if !e.hashes.All {
		return nil
	}
	for _, r := range e.all {
		if len(e.hashes.Allowed[r.Name]) > 0 || len(e.hashes.Pinned[r.Name]) > 0 || r.Name == "" {
			continue
		}
		message := fmt.Sprintf("%s has no --hash, and %s demands one of every requirement", r.Text, resolver.OptionRequireHashes)
		if r.File == "" {
			return at(f, fmt.Errorf("%s; name it with its hash in a file under requirements, or write without = [%q] to demand none", message, resolver.OptionRequireHashes), "environment")
		}
		return at(f, &mlmodel.SourceError{
			File: r.File, Line: r.Line, Text: r.Text, Message: message,
			Hint: fmt.Sprintf("in [environment] of the Deployfile, name a file under requirements that has it with its hash, or write without = [%q] to demand none", resolver.OptionRequireHashes),
		}, "model", "source")
	}
	return nil
}
