package mlmodel

import (
	"fmt"
	"net/url"
	"path"
	"strings"

	"deps.dev/util/pypi"
)

// parseGit parses git+https://host/repository@revision#egg=name.
func parseGit(r Requirement, target string, fault func(message, hint string) error) (Requirement, error) {
	const hint = "write name @ git+https://host/repository@revision"
	u, err := url.Parse(target)
	if err != nil || u.Host == "" || strings.ContainsAny(target, " \t") {
		return r, fault("the git URL is malformed", hint)
	}
	switch u.Scheme {
	case "git+https", "git+http", "git+ssh", "git+git":
	default:
		return r, fault(fmt.Sprintf("%s: URLs are not supported", u.Scheme), hint)
	}
	base, fragment, _ := strings.Cut(target, "#")
	var kept []string
	for part := range strings.SplitSeq(fragment, "&") {
		egg, isEgg := strings.CutPrefix(part, "egg=")
		if !isEgg {
			if part != "" {
				kept = append(kept, part)
			}
			continue
		}
		if m := withExtra.FindStringSubmatch(egg); m != nil {
			egg, r.Extras = m[1], extras(m[2])
		}
		if r.Name == "" && identifier.MatchString(egg) {
			r.Name = pypi.CanonPackageName(egg)
		}
	}
	r.VCS = base
	if len(kept) > 0 {
		r.VCS += "#" + strings.Join(kept, "&")
	}
	return r, nil
}

// parseDownload parses the https URL of a wheel or sdist. It keeps a fragment
// such as #sha256=….
func parseDownload(r Requirement, target string, fault func(message, hint string) error) (Requirement, error) {
	if m := withExtra.FindStringSubmatch(target); m != nil {
		target, r.Extras = m[1], extras(m[2])
	}
	if checkURL(target) != nil || strings.ContainsAny(target, " \t") {
		return r, fault("the URL is malformed", "write name @ https://host/name-version.whl")
	}
	u, err := url.Parse(target)
	if err != nil || !isArchive(u.Path) {
		return r, fault("the URL is not that of a wheel or sdist", "it must end in .whl, .tar.gz or .zip")
	}
	if m := eggName.FindStringSubmatch(target); m != nil && r.Name == "" {
		r.Name = pypi.CanonPackageName(m[1])
		// uv wants the name in front.
		r.Text = strings.TrimSpace(m[1] + " @ " + r.Text)
	}
	if err := r.takeFileName(path.Base(u.Path)); err != nil {
		return r, fault(err.Error(), "")
	}
	if r.Name == "" && !sdistName.MatchString(path.Base(u.Path)) {
		return r, fault("the URL does not tell the name of the project", "write name @ https://…")
	}
	r.URL = target
	return r, nil
}
