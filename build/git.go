package build

import (
	"net/url"
	"os/exec"
	"strings"
)

// gitAttributes tell the frontend which commit of which repository the folder
// is, in the words of buildx; none if git does not know.
func gitAttributes(dir string) map[string]string {
	out := map[string]string{}
	revision := git(dir, "rev-parse", "HEAD")
	if revision == "" {
		return out
	}
	if git(dir, "status", "--porcelain", "--untracked-files=no", ".") != "" {
		revision += "-dirty"
	}
	out["vcs:revision"] = revision
	if u := withoutCredentials(git(dir, "remote", "get-url", "origin")); u != "" {
		out["vcs:source"] = u
	}
	return out
}

func git(dir string, args ...string) string {
	out, err := exec.Command("git", append([]string{"-C", dir}, args...)...).Output()
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(out))
}

// withoutCredentials drops what a remote's URL may hold and a label must not.
func withoutCredentials(remote string) string {
	u, err := url.Parse(remote)
	if err != nil || u.User == nil {
		return remote
	}
	u.User = nil
	return u.String()
}
