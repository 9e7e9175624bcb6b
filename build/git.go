package build

import (
	"os/exec"
	"strings"

	"github.com/moby/buildkit/util/urlutil"
)

// gitAttributes returns attributes that tell the frontend the directory's
// repository and commit, nil outside a repository. buildx sends the same, so
// that both set the same labels.
func gitAttributes(dir string) map[string]string {
	out := map[string]string{}
	revision := git(dir, "rev-parse", "HEAD")
	if revision == "" {
		return out
	}
	out["vcs:revision"] = revision
	for _, remote := range []string{trackedRemote(dir), "origin", "upstream"} {
		if remote == "" {
			continue
		}
		if u := git(dir, "remote", "get-url", remote); u != "" {
			out["vcs:source"] = urlutil.RedactCredentials(u)
			break
		}
	}
	return out
}

// trackedRemote is the remote that the current branch follows.
func trackedRemote(dir string) string {
	branch := git(dir, "symbolic-ref", "-q", "HEAD")
	if branch == "" {
		return ""
	}
	return git(dir, "for-each-ref", "--format=%(upstream:remotename)", branch)
}

func git(dir string, args ...string) string {
	out, err := exec.Command("git", append([]string{"-C", dir}, args...)...).Output()
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(out))
}
