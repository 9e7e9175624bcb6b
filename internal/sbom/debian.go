package sbom

import (
	"bufio"
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"net/textproto"
	"path"
	"slices"
	"strings"

	"github.com/deployfile/deployfile/resolver"
	"github.com/package-url/packageurl-go"
)

// DebianPackage is an installed Debian package.
type DebianPackage struct {
	// Name is the name of the binary package, Arch "amd64", "all" and so on.
	Name, Version, Arch string
}

// ParseDpkgStatus parses dpkg's status file (/var/lib/dpkg/status, deb822(5)),
// or the files of status.d joined by empty lines. It returns the installed
// packages, sorted by name.
func ParseDpkgStatus(data []byte) ([]DebianPackage, error) {
	r := textproto.NewReader(bufio.NewReader(bytes.NewReader(data)))
	var out []DebianPackage
	for {
		paragraph, err := r.ReadMIMEHeader()
		if err != nil && !errors.Is(err, io.EOF) {
			return nil, fmt.Errorf("dpkg status: %w", err)
		}
		p := DebianPackage{paragraph.Get("Package"), paragraph.Get("Version"), paragraph.Get("Architecture")}
		// The last word of Status is the state; files of status.d have none.
		words := strings.Fields(paragraph.Get("Status"))
		installed := len(words) == 0 || words[len(words)-1] == "installed"
		if p.Name != "" && p.Version != "" && installed {
			out = append(out, p)
		}
		if err != nil {
			break
		}
	}
	slices.SortFunc(out, func(a, b DebianPackage) int {
		return cmp.Or(strings.Compare(a.Name, b.Name), strings.Compare(a.Arch, b.Arch), strings.Compare(a.Version, b.Version))
	})
	return slices.Compact(out), nil
}

// debian lists the Debian packages; a package that the image installs replaces
// the base's package of the same name and architecture.
func (i *inventory) debian() {
	distribution := cmp.Or(i.Distribution, "debian")
	replaced := map[string]bool{}
	for _, p := range i.Plan.SystemPackages {
		s := debian(distribution, DebianPackage{p.Name, p.Version, architecture(p)})
		s.sha256, s.filename, s.location = p.SHA256, p.Filename, publicURL(p.URL)
		replaced[s.id] = true
		i.added = append(i.added, s)
	}
	for _, p := range i.BasePackages {
		if s := debian(distribution, p); !replaced[s.id] {
			i.inherited = append(i.inherited, s)
		}
	}
}

func debian(distribution string, p DebianPackage) software {
	var qualifiers packageurl.Qualifiers
	id := "debian-" + p.Name
	if p.Arch != "" {
		qualifiers = packageurl.QualifiersFromMap(map[string]string{"arch": p.Arch})
		id += "-" + p.Arch
	}
	return software{
		id: id, name: p.Name, version: p.Version,
		purl: packageurl.NewPackageURL(packageurl.TypeDebian, distribution, p.Name, p.Version, qualifiers, "").ToString(),
	}
}

// architecture returns the last part of a package's file name,
// NAME_VERSION_ARCH.deb.
func architecture(p resolver.SystemPackage) string {
	stem := strings.TrimSuffix(path.Base(p.Filename), ".deb")
	n := strings.LastIndexByte(stem, '_')
	if n < 0 {
		return ""
	}
	return stem[n+1:]
}
