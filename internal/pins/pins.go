// Package pins writes locked wheels as a requirements.txt that pip and uv install
// without resolving anything. It is pure.
package pins

import (
	"fmt"
	"net/url"
	"regexp"
	"strings"

	"github.com/deployfile/deployfile/resolver"
	"github.com/deployfile/deployfile/toolchain"
)

// Wheel is a wheel as the lock has it.
type Wheel struct {
	Name, Version, SHA256 string
	// URL is set for a wheel that no index has.
	URL string
}

// Of returns the wheel of a package. Direct says that no index need have the file.
func Of(name, version string, file toolchain.Download, direct bool) Wheel {
	pin := Wheel{Name: name, Version: version, SHA256: file.SHA256}
	if direct {
		pin.URL = file.URL
	}
	return pin
}

var (
	namePattern    = regexp.MustCompile(`^[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?$`)
	versionPattern = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9.+!_-]*$`)
	hashPattern    = regexp.MustCompile(`^[0-9a-f]{64}$`)
)

// Requirements returns the text of a requirements.txt with these wheels, the indexes
// that they come from, and the pages that link to them. The tool's own index is asked
// unless one of the indexes is the default.
func Requirements(wheels []Wheel, indexes []resolver.Index, links []string) ([]byte, error) {
	var b strings.Builder
	b.WriteString("# Made by deployfile: what the lock has, with its hashes. Install it with --no-deps.\n")
	for _, i := range indexes {
		option := "--extra-index-url"
		switch {
		case i.Mirror:
			continue // the machine's own, and not the project's
		case i.Default:
			option = "--index-url"
		}
		address, err := URL(i.URL)
		if err != nil {
			return nil, fmt.Errorf("index %s: %w", i.Name, err)
		}
		fmt.Fprintf(&b, "%s %s\n", option, address)
	}
	for _, link := range links {
		address, err := URL(link)
		if err != nil {
			return nil, fmt.Errorf("--find-links: %w", err)
		}
		fmt.Fprintf(&b, "--find-links %s\n", address)
	}
	for _, w := range wheels {
		if !namePattern.MatchString(w.Name) || !versionPattern.MatchString(w.Version) || !hashPattern.MatchString(w.SHA256) {
			return nil, fmt.Errorf("%q %q is not a locked package", w.Name, w.Version)
		}
		pin := w.Name + "==" + w.Version
		if w.URL != "" {
			address, err := URL(w.URL)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", w.Name, err)
			}
			pin = w.Name + " @ " + address
		}
		fmt.Fprintf(&b, "%s \\\n    --hash=sha256:%s\n", pin, w.SHA256)
	}
	return []byte(b.String()), nil
}

// URL returns an address in which no character means anything but to a server: not
// to a shell, a Dockerfile or a requirements.txt.
func URL(address string) (string, error) {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || u.User != nil || u.Scheme != "http" && u.Scheme != "https" {
		return "", fmt.Errorf("%q is not an http or https address without a credential", address)
	}
	u.Fragment, u.RawFragment = "", ""
	var b strings.Builder
	for _, c := range []byte(u.String()) {
		if c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.IndexByte("-._~:/?@&=+,%[]", c) >= 0 {
			b.WriteByte(c)
		} else {
			fmt.Fprintf(&b, "%%%02X", c)
		}
	}
	return b.String(), nil
}
