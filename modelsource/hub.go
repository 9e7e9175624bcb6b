package modelsource

import (
	"fmt"
	"net/url"
	"regexp"
	"strings"
)

// Hub is the scheme of a repository of models on Hugging Face's hub, or on a mirror of it:
// hf://ORG/NAME, @REVISION and /PATH may follow.
type Hub struct{ listed }

var _ Listed = Hub{}

const hubPrefix = "hf://"

// HubToken is the id of the secret of a step that fetches from the hub, which has the name
// of the variable of the hub's own client.
const HubToken = "HF_TOKEN"

// HubServer is the id of the secret that names the hub which HubToken is for, if that is a
// mirror.
const HubServer = "HF_ENDPOINT"

// Match implements Scheme.
func (Hub) Match(source string) bool { return strings.HasPrefix(source, hubPrefix) }

// Check implements Scheme.
func (Hub) Check(source string) error {
	_, err := ParseHub(source)
	return err
}

// HubName is a source of the scheme Hub.
type HubName struct {
	// Repository is ORG/NAME, Revision a branch, tag or commit, "" for the default
	// branch, Path the directory of the repository that is the model, "" for all of it.
	Repository, Revision, Path string
}

var (
	hubPart = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]*$`)
	commit  = regexp.MustCompile(`^([0-9a-f]{40}|[0-9a-f]{64})$`)
)

// ParseHub reads a source as the hub's own client does; a "/" in a revision is written %2F.
func ParseHub(source string) (HubName, error) {
	refused := func(why string) (HubName, error) {
		return HubName{}, fmt.Errorf("model.source %q: %s", source, why)
	}
	rest := strings.TrimRight(strings.TrimPrefix(source, hubPrefix), "/")
	if strings.ContainsAny(rest, "?#") {
		return refused(`the hub knows no "?" and no "#" there`)
	}
	parts := strings.SplitN(rest, "/", 3)
	if parts[0] == "datasets" || parts[0] == "spaces" {
		return refused("models are not in repositories of " + parts[0])
	}
	if len(parts) < 2 {
		return refused("it names no repository: hf://ORG/NAME@REVISION")
	}
	var n HubName
	name, revision, named := strings.Cut(parts[1], "@")
	if !hubPart.MatchString(parts[0]) || !hubPart.MatchString(name) {
		return refused("it names no repository: hf://ORG/NAME@REVISION")
	}
	n.Repository = parts[0] + "/" + name
	var err error
	if n.Revision, err = url.PathUnescape(revision); err != nil || named && (!clean(n.Revision) || strings.HasPrefix(n.Revision, "-")) {
		return refused("it names no revision: hf://ORG/NAME@REVISION")
	}
	if len(parts) == 3 {
		if n.Path = parts[2]; !clean(n.Path) {
			return refused("its path leads out of the repository")
		}
	}
	return n, nil
}

// Pinned returns the name of the same directory at a commit.
func (n HubName) Pinned(commit string) string {
	source := hubPrefix + n.Repository + "@" + commit
	if n.Path != "" {
		source += "/" + n.Path
	}
	return source
}

// Files returns the address of the directory's files on a server.
func (n HubName) Files(server string) (string, error) {
	if !commit.MatchString(n.Revision) {
		return "", fmt.Errorf("%q is not a commit of %s; run deployfile lock --upgrade-model", n.Revision, n.Repository)
	}
	u, err := url.Parse(server)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		return "", fmt.Errorf("the hub %q is not an http or https address", server)
	}
	parts := []string{n.Repository, "resolve", n.Revision}
	for part := range strings.SplitSeq(n.Path, "/") {
		parts = append(parts, url.PathEscape(part))
	}
	return u.JoinPath(parts...).String(), nil
}

// Access implements Listed.
func (Hub) Access(p Pin) (Access, error) {
	n, err := ParseHub(p.Resolved)
	if err != nil {
		return Access{}, err
	}
	files, err := n.Files(p.Server)
	return Access{URL: files, Secrets: []string{HubServer, HubToken}}, err
}
