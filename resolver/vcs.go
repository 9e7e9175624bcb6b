package resolver

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"deps.dev/util/pypi"
	"github.com/BurntSushi/toml"
	"github.com/deployfile/deployfile/toolchain"
	bkllb "github.com/moby/buildkit/client/llb"
	"github.com/moby/buildkit/client/llb/sourceresolver"
)

// repository is a requirement of the form "name @ git+URL@revision", or without the
// name. BuildKit fetches it, with its own secrets and SSH agents, so that the
// toolchain needs neither git nor credentials.
type repository struct {
	// Name is the requirement's name with its extras, Marker its environment
	// marker.
	Name   string `json:"name"`
	Marker string `json:"marker"`
	// Key names the directory that the repository is mounted at.
	Key string `json:"key"`
	// URL, Revision and Subdirectory are the parts of the requirement.
	URL          string `json:"url"`
	Revision     string `json:"revision"`
	Subdirectory string `json:"subdirectory"`
	// Commit is the full hash of the revision.
	Commit string `json:"commit"`
	// Direct reports whether it is a requirement, Override that it is an override.
	Direct   bool `json:"direct"`
	Override bool `json:"override"`
}

// RequirementError reports a requirement that cannot be resolved.
type RequirementError struct {
	// Name is its normalised name (PEP 503), or the URL of a requirement that has no
	// name.
	Name string
	Err  error
}

// Error names the requirement and the reason.
func (e *RequirementError) Error() string { return fmt.Sprintf("requirement %s: %v", e.Name, e.Err) }

// Unwrap returns the reason.
func (e *RequirementError) Unwrap() error { return e.Err }

// name returns the normalised name, without extras; where to fetch it if it has
// none.
func (r repository) name() string {
	if r.Key == "" && r.Revision != "" {
		return "git+" + r.URL + "@" + r.Revision
	}
	if r.Key == "" {
		return "git+" + r.URL
	}
	return pypi.CanonPackageName(r.Key)
}

// parseRepository parses a requirement; ok is false for one of another form.
func parseRepository(requirement string) (r repository, ok bool, err error) {
	name, rest, ok := strings.Cut(requirement, " @ git+")
	if !ok {
		if rest, ok = strings.CutPrefix(requirement, "git+"); !ok {
			return r, false, nil
		}
		name = ""
	}
	r.Name = strings.TrimSpace(name)
	r.Key, _, _ = strings.Cut(r.Name, "[")
	location, marker, marked := strings.Cut(rest, " ;")
	if marked {
		r.Marker = strings.TrimSpace(marker)
	}
	location, fragment, _ := strings.Cut(strings.TrimSpace(location), "#")
	for part := range strings.SplitSeq(fragment, "&") {
		if v, ok := strings.CutPrefix(part, "subdirectory="); ok {
			r.Subdirectory = v
		}
	}
	u, err := url.Parse(location)
	if err != nil {
		return r, true, &RequirementError{Name: r.name(), Err: fmt.Errorf("%q is not the URL of a repository", location)}
	}
	if at := strings.LastIndex(u.Path, "@"); at >= 0 {
		r.Revision, u.Path = u.Path[at+1:], u.Path[:at]
	}
	r.URL = u.String()
	if err := checkRepository(r.URL, r.Revision, r.Subdirectory); err != nil {
		return r, true, &RequirementError{Name: r.name(), Err: err}
	}
	return r, true, nil
}

// revisionPattern matches common names of branches, tags and commits
// (git-check-ref-format(1)). It excludes options and further arguments of git,
// and a directory after a colon, which BuildKit would accept.
var revisionPattern = regexp.MustCompile(`^[\pL\pN_][\pL\pN_./+=%@#-]*$`)

// checkRepository refuses a repository that is not on the network, and anything
// but a plain revision or directory where these become part of commands:
// requirements and locks are untrusted.
func checkRepository(address, revision, subdirectory string) error {
	u, err := url.Parse(address)
	if err != nil {
		return fmt.Errorf("%q is not the URL of a repository", address)
	}
	if !slices.Contains([]string{"https", "http", "ssh", "git"}, u.Scheme) || u.Hostname() == "" || u.Hostname()[0] == '-' {
		return fmt.Errorf("%q is not the URL of a repository, https://, ssh://, git:// or http://", u.Redacted())
	}
	if _, secret := u.User.Password(); secret {
		return fmt.Errorf("the URL of the repository at %s has a password: give it as a secret instead", u.Host)
	}
	if revision != "" && !revisionPattern.MatchString(revision) {
		return fmt.Errorf("%q is not a branch, tag or commit", revision)
	}
	// BuildKit may read the directory as part of a URL.
	folder, err := url.PathUnescape(subdirectory)
	if subdirectory != "" && (err != nil || !filepath.IsLocal(folder) || !filepath.IsLocal(subdirectory)) {
		return fmt.Errorf("directory %q is outside the repository", subdirectory)
	}
	return nil
}

// asked are requirements and overrides, without the repositories among them.
type asked struct {
	requirements, override []string
	repositories           []repository
}

// repositories separates the repositories from the other requirements and
// overrides, and resolves their commits; a commit in the previous pylock for the
// same URL and revision stays.
func (r *Resolver) repositories(ctx context.Context, q Request, t toolchain.Toolchain, previous []byte) (*asked, error) {
	locked := map[string]PylockPackage{}
	if p, err := ParsePylock(previous); err == nil {
		for _, pkg := range p.Packages {
			if pkg.VCS != nil && !upgraded(q.Upgrade, pkg.Name) {
				locked[pkg.VCS.URL+"@"+pkg.VCS.RequestedRevision+"#"+pkg.VCS.Subdirectory] = pkg
			}
		}
	}
	out, seen := &asked{}, map[string]int{}
	for n, text := range slices.Concat(q.Inputs.Requirements, q.Inputs.Override) {
		override := n >= len(q.Inputs.Requirements)
		repo, ok, err := parseRepository(text)
		switch {
		case err != nil:
			return nil, err
		case !ok && override:
			out.override = append(out.override, text)
			continue
		case !ok:
			out.requirements = append(out.requirements, text)
			continue
		}
		at, twice := seen[text]
		if !twice {
			if repo, err = r.pinRepository(ctx, q, t, repo, locked); err != nil {
				return nil, err
			}
			at = len(out.repositories)
			seen[text] = at
			out.repositories = append(out.repositories, repo)
		}
		found := &out.repositories[at]
		found.Direct, found.Override = found.Direct || !override, found.Override || override
	}
	return out, nil
}

// pinRepository resolves the commit of a repository, and its name if the
// requirement has none.
func (r *Resolver) pinRepository(ctx context.Context, q Request, t toolchain.Toolchain, repo repository, locked map[string]PylockPackage) (_ repository, err error) {
	was, known := locked[repo.URL+"@"+repo.Revision+"#"+repo.Subdirectory]
	if known {
		repo.Commit = was.VCS.CommitID
	} else if repo.Commit, err = r.commit(ctx, repo); err != nil {
		return repo, err
	}
	if repo.Name != "" {
		return repo, nil
	}
	if repo.Name = was.Name; !known {
		repo.Name, err = r.projectName(ctx, q, t, repo)
	}
	repo.Key = repo.Name
	return repo, err
}

// maxProject limits the size of a pyproject.toml, in bytes.
const maxProject = 1 << 20

// projectName returns the name of the project in a repository: that of its
// pyproject.toml, else that of the wheel that its build makes.
func (r *Resolver) projectName(ctx context.Context, q Request, t toolchain.Toolchain, repo repository) (string, error) {
	ref, err := r.Gateway.Solve(ctx, bkllb.Git(repo.URL, repo.Commit, t.GitOptions()...))
	if err != nil {
		return "", &RequirementError{Name: repo.name(), Err: err}
	}
	var project struct{ Project struct{ Name string } }
	folder, _ := url.PathUnescape(repo.Subdirectory) // checked by checkRepository
	data, err := readFile(ctx, ref, path.Join(folder, "pyproject.toml"), maxProject)
	if err == nil && readable(data) == nil && toml.Unmarshal(data, &project) == nil && namePattern.MatchString(project.Project.Name) {
		return project.Project.Name, nil
	}
	vcs := &PylockVCS{Type: "git", URL: repo.URL, RequestedRevision: repo.Revision, CommitID: repo.Commit, Subdirectory: repo.Subdirectory}
	b, err := r.buildOnce(ctx, q, t, Source{Name: strings.TrimSuffix(path.Base(repo.URL), ".git"), VCS: vcs})
	var failed *BuildError
	switch {
	case errors.As(err, &failed):
		return "", &RequirementError{Name: repo.name(), Err: failed}
	case err != nil:
		return "", &RequirementError{Name: repo.name(), Err: err}
	case !namePattern.MatchString(b.metadata.Name):
		return "", &RequirementError{Name: repo.name(), Err: fmt.Errorf("its build made a wheel of %q, which is not a package's name", b.metadata.Name)}
	}
	return b.metadata.Name, nil
}

func upgraded(upgrade []string, name string) bool {
	for _, u := range upgrade {
		if u == "*" || pypi.CanonPackageName(u) == pypi.CanonPackageName(name) {
			return true
		}
	}
	return false
}

// shortCommit matches an abbreviated commit, which git finds in a clone and no
// server offers.
var shortCommit = regexp.MustCompile(`^[0-9a-f]{4,39}$`)

// commit asks the repository for the commit of the revision.
func (r *Resolver) commit(ctx context.Context, repo repository) (string, error) {
	md, err := r.Gateway.Metadata(ctx, bkllb.Git(repo.URL, repo.Revision), sourceresolver.Opt{
		LogName: "find the commit of " + repo.Name,
		GitOpt:  &sourceresolver.ResolveGitOpt{},
	})
	if err != nil && shortCommit.MatchString(repo.Revision) {
		return "", &RequirementError{Name: repo.name(), Err: fmt.Errorf("repository %s has no branch or tag %s; if it is a commit, write all of its 40 digits, as git rev-parse %s prints them",
			repo.URL, repo.Revision, repo.Revision)}
	}
	if err != nil {
		return "", &RequirementError{Name: repo.name(), Err: fmt.Errorf("repository %s: %w", repo.URL, err)}
	}
	if md.Git == nil || md.Git.Checksum == "" {
		return "", &RequirementError{Name: repo.name(), Err: fmt.Errorf("the builder does not tell the commit of %s; name one: @COMMIT", repo.URL)}
	}
	if md.Git.CommitChecksum != "" {
		return md.Git.CommitChecksum, nil
	}
	return md.Git.Checksum, nil
}

func (repo repository) mount(t toolchain.Toolchain) toolchain.Mount {
	return toolchain.Mount{Path: path.Join("/run/repositories", repo.Key), Source: bkllb.Git(repo.URL, repo.Commit, t.GitOptions()...)}
}

var tagVersion = regexp.MustCompile(`^(?:.*[/_-])?v?([0-9]+(?:\.[0-9]+)+(?:\.?(?:a|b|rc|post|dev)[0-9]+)?)$`)

// versionOf returns the version to tell a build that reads it from git's tags, whose
// history a build has not: the locked one, else that of the tag.
func (s Source) versionOf() string {
	if s.Version != "" || s.VCS == nil {
		return s.Version
	}
	if m := tagVersion.FindStringSubmatch(s.VCS.RequestedRevision); m != nil {
		return m[1]
	}
	return ""
}
