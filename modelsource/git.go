package modelsource

import (
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"github.com/deployfile/deployfile/internal/terminal"
	"github.com/deployfile/deployfile/toolchain"
	bkllb "github.com/moby/buildkit/client/llb"
)

// Git is the scheme of a directory of a git repository: git+https://HOST/REPOSITORY,
// git+ssh://git@HOST/REPOSITORY; @REF and #PATH may follow. Files that Git LFS keeps
// elsewhere are fetched from there by their hashes.
type Git struct{ listed }

var _ Listed = Git{}

// GitSecret is the beginning of the ids of BuildKit's secrets with tokens of hosts, which
// a step that fetches from Git LFS gets, too.
const GitSecret = bkllb.GitAuthTokenKey + "."

var gitPattern = regexp.MustCompile(`^git\+[a-z]+:/`)

// Match implements Scheme.
func (Git) Match(source string) bool { return gitPattern.MatchString(source) }

// Check implements Scheme.
func (Git) Check(source string) error {
	_, err := ParseGit(source)
	return err
}

// GitName is a source of the scheme Git.
type GitName struct {
	// URL is the repository's address, Ref a branch, tag or commit, "" for the default
	// branch, Path the directory of the repository that is the model, "" for all of it.
	URL, Ref, Path string
}

// refPattern matches common names of branches, tags and commits. It excludes options and
// further arguments of git.
var refPattern = regexp.MustCompile(`^[\pL\pN_][\pL\pN_./+=%@-]*$`)

// ParseGit reads a source.
func ParseGit(source string) (GitName, error) {
	refused := func(why string) (GitName, error) {
		return GitName{}, fmt.Errorf("model.source %q: %s", source, why)
	}
	address, fragment, _ := strings.Cut(strings.TrimPrefix(source, "git+"), "#")
	u, err := url.Parse(address)
	if err != nil || !slices.Contains([]string{"https", "http", "ssh"}, u.Scheme) || u.Hostname() == "" || u.Hostname()[0] == '-' {
		return refused("it names no repository: git+https://HOST/REPOSITORY@REF#PATH, or git+ssh")
	}
	// git takes the parts of an address as lines.
	if terminal.Obeys(u.Path) || terminal.Obeys(u.Host) || terminal.Obeys(u.User.Username()) {
		return refused("it has a control character")
	}
	if _, secret := u.User.Password(); secret || u.User.Username() != "" && u.Scheme != "ssh" || strings.HasPrefix(u.User.Username(), "-") {
		return refused("it holds a credential")
	}
	var n GitName
	if at := strings.LastIndex(u.Path, "@"); at >= 0 {
		if n.Ref = u.Path[at+1:]; !refPattern.MatchString(n.Ref) {
			return refused(fmt.Sprintf("%q is not a branch, tag or commit", n.Ref))
		}
		u.Path = u.Path[:at]
	}
	u.RawPath = "" // one way to write a path, so that a lock has the same
	if strings.Trim(u.Path, "/") == "" || u.RawQuery != "" {
		return refused("it names no repository: git+https://HOST/REPOSITORY@REF#PATH, or git+ssh")
	}
	n.URL = u.String()
	if n.Path = strings.Trim(fragment, "/"); n.Path != "" && !clean(n.Path) {
		return refused("its path leads out of the repository")
	}
	return n, nil
}

// Pinned returns the name of the same directory at a commit.
func (n GitName) Pinned(commit string) string {
	source := "git+" + n.URL + "@" + commit
	if n.Path != "" {
		source += "#" + n.Path
	}
	return source
}

// LFS returns the address of the repository's Git LFS server over https, as Git LFS's own
// client finds it.
func (n GitName) LFS() string {
	u, err := url.Parse(n.URL)
	if err != nil {
		return ""
	}
	if u.Scheme == "ssh" {
		u.Scheme, u.Host = "https", u.Hostname()
	}
	u.User = nil
	u.Path = strings.TrimRight(u.Path, "/")
	if !strings.HasSuffix(u.Path, ".git") {
		u.Path += ".git"
	}
	return u.JoinPath("info/lfs").String()
}

// Access implements Listed.
func (Git) Access(p Pin) (Access, error) {
	n, err := ParseGit(p.Resolved)
	if err != nil {
		return Access{}, err
	}
	a := Access{LFS: n.LFS()}
	u, err := url.Parse(a.LFS)
	if err == nil && u.Scheme == "https" {
		a.Secrets = []string{GitSecret + u.Host, NetrcSecret}
	}
	return a, err
}

// fetchGit returns the files of a model in a repository: those of Git LFS as Fetch does,
// and the others from BuildKit, checked by a step.
func fetchGit(t toolchain.Toolchain, p Pin, files []File, access *Access) (Tree, error) {
	n, err := ParseGit(p.Resolved)
	if err != nil {
		return Tree{}, err
	}
	if !commit.MatchString(n.Ref) {
		return Tree{}, errors.New("the lock has no commit of the model; run deployfile lock --upgrade-model")
	}
	kept, elsewhere := []File{}, []File{}
	for _, f := range files {
		if slices.Contains(p.LFS, f.Path) {
			elsewhere = append(elsewhere, f)
		} else {
			kept = append(kept, f)
		}
	}
	p.Root = n.Path
	tree, err := unpack(t, fmt.Sprintf("check %d files of the model", len(kept)), bkllb.Git(n.URL, n.Ref, t.GitOptions()...), "", p.Root, kept)
	if err != nil || len(elsewhere) == 0 {
		return tree, err
	}
	lfs, err := Fetch(t, elsewhere, access)
	if err != nil {
		return Tree{}, err
	}
	tree.Files, tree.Large = files, lfs.Large
	if len(lfs.Large) < len(elsewhere) {
		tree.State = tree.State.File(bkllb.Copy(lfs.State, "/", "/", &bkllb.CopyInfo{CopyDirContentsOnly: true}),
			append([]bkllb.ConstraintsOpt{bkllb.WithCustomName("[internal] the model's files of Git LFS")}, t.Constraints...)...)
	}
	return tree.withDirectories(t.Constraints...), nil
}
