package mlmodel

import (
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/deployfile/deployfile/internal/redact"
	"github.com/deployfile/deployfile/internal/untrusted"
)

const secretHint = `take it out of the file; declare the index under [[environment.indexes]] with secret = "…" and pass the value as a build secret`

var variable = regexp.MustCompile(`\$\{[A-Za-z0-9_]+\}`)

// credentialError reports a credential in a URL. A model's file cannot be edited,
// and it would go into the image with the model.
func (p *requirementsParser) credentialError(file string, l line) error {
	hint := secretHint
	if p.model {
		hint = leaveOutSecret(file)
	}
	return newSourceError(file, l.number, l.text, "there is a credential in the URL", hint)
}

// leaveOut says how to build without a file of the model.
func leaveOut(file string) string {
	return fmt.Sprintf("a line %s in .dockerignore leaves the file out of the build; name what it requires under requirements in [environment]", file)
}

// leaveOutSecret is leaveOut for a file that has a credential.
func leaveOutSecret(file string) string {
	return leaveOut(file) + `, and the index under [[environment.indexes]] with secret = "…"`
}

// refuseCredentials looks for credentials in the URLs of every text file beside
// MLmodel, channels and all: these files go into the image with the rest of the
// model, whether they are used or not. MLmodel cannot be left out, so there it is a
// warning.
func (r *reader) refuseCredentials() error {
	entries, err := fs.ReadDir(r.fsys, r.dir)
	if err != nil {
		return nil // reading what is needed reports it
	}
	for _, entry := range entries {
		if !entry.Type().IsRegular() || !isSettings(entry.Name()) {
			continue
		}
		file := path.Join(r.dir, entry.Name())
		data, err := untrusted.ReadFile(r.fsys, file, maxYAML)
		if err != nil {
			continue
		}
		for i, l := range strings.Split(string(Text(data)), "\n") {
			if !redact.HasCredential(l) {
				continue
			}
			const message = "there is a credential in the URL, and the file would go into the image"
			if entry.Name() != modelFile {
				return newSourceError(file, i+1, l, message, leaveOutSecret(file))
			}
			r.warn(file, i+1, message+"; revoke it: whoever can read the model or the image has it")
		}
	}
	return nil
}

// isSettings reports whether a file beside MLmodel may name indexes or channels.
func isSettings(name string) bool {
	return name == modelFile || slices.Contains([]string{".txt", ".in", ".yaml", ".yml", ".toml", ".lock", ".cfg", ".ini", ".conf", ".env"}, path.Ext(name))
}
