package sbom

import (
	"fmt"

	"deps.dev/util/pypi"
	"github.com/deployfile/deployfile/llb"
	"github.com/deployfile/deployfile/resolver"
	"github.com/package-url/packageurl-go"
)

func python(w llb.Wheel, licenses map[string]License) software {
	name := pypi.CanonPackageName(w.Name)
	s := software{
		id: "python-" + name, name: name, version: w.Version,
		sha256: w.SHA256, filename: w.Filename,
		location: publicURL(w.URL),
		license:  licenses[name],
	}
	var qualifiers packageurl.Qualifiers
	if w.Source != nil {
		s.location = sourceLocation(w.Source)
		if w.Source.VCS != nil {
			qualifiers = packageurl.QualifiersFromMap(map[string]string{"vcs_url": s.location})
		}
	}
	s.purl = packageurl.NewPackageURL(packageurl.TypePyPi, "", name, w.Version, qualifiers, "").ToString()
	return s
}

// sourceLocation returns where a built package came from, in SPDX's form:
// <vcs>+<url>@<commit>#<directory>.
func sourceLocation(s *resolver.Source) string {
	switch {
	case s.VCS != nil:
		where := publicURL(s.VCS.URL)
		if where == "" {
			return ""
		}
		where = fmt.Sprintf("%s+%s@%s", s.VCS.Type, where, s.VCS.CommitID)
		if s.VCS.Subdirectory != "" {
			where += "#" + s.VCS.Subdirectory
		}
		return where
	case s.File != nil:
		return publicURL(s.File.URL)
	}
	return ""
}
