package modelsource

import (
	"fmt"
	"net/url"
	"path"
	"regexp"
	"slices"
	"strings"
)

// MLflow is the scheme of what an MLflow server names: models:/NAME/3,
// models:/NAME@ALIAS, models:/NAME/latest, models:/NAME/STAGE, models:/m-ID,
// runs:/RUN/PATH and mlflow-artifacts:/PATH. All but the last may be followed by the
// path of a directory in the model.
type MLflow struct{ listed }

var _ Listed = MLflow{}

var mlflowPattern = regexp.MustCompile(`^(models|runs|mlflow-artifacts):/`)

// Match implements Scheme.
func (MLflow) Match(source string) bool { return mlflowPattern.MatchString(source) }

// Check implements Scheme.
func (MLflow) Check(source string) error {
	_, err := ParseMLflow(source)
	return err
}

// MLflowName is a source of the scheme MLflow.
type MLflowName struct {
	// Name is the registered model's name, with one of Version, Alias and Stage, or
	// Latest.
	Name, Version, Alias, Stage string
	Latest                      bool
	// ModelID is the id of a logged model, RunID that of a run.
	ModelID, RunID string
	// Location is what an mlflow-artifacts: URI is without its Path.
	Location string
	// Path is the directory in what the above name, "" for all of it.
	Path string
}

// ParseMLflow reads a source as MLflow does (mlflow/store/artifact/utils/models.py).
func ParseMLflow(source string) (MLflowName, error) {
	refused := func(why string) (MLflowName, error) {
		return MLflowName{}, fmt.Errorf("model.source %q: %s", source, why)
	}
	scheme, rest, _ := strings.Cut(source, ":")
	if strings.HasPrefix(rest, "//") && scheme != "mlflow-artifacts" {
		return refused("name Databricks' profile by MLFLOW_TRACKING_URI=databricks://PROFILE, and the model without it")
	}
	if strings.ContainsAny(rest, "?#") {
		return refused(`MLflow knows no "?" and no "#" there`)
	}
	if scheme == "mlflow-artifacts" {
		u, err := url.Parse(source)
		if err != nil || path.Clean(u.Path) == "/" || !clean(strings.Trim(u.Path, "/")) {
			return refused("it names no directory of the server's artifacts")
		}
		return MLflowName{Location: strings.TrimRight(source, "/")}, nil
	}
	parts := strings.Split(strings.Trim(rest, "/"), "/")
	first := parts[0]
	n := MLflowName{}
	take := func(used int) (MLflowName, error) {
		n.Path = strings.Join(parts[used:], "/")
		if n.Path != "" && !clean(n.Path) {
			return refused("its path leads out of the model")
		}
		return n, nil
	}
	if strings.TrimSpace(first) == "" || first == "." || first == ".." {
		return refused("it names no model")
	}
	if scheme == "runs" {
		if len(parts) < 2 {
			return refused("it names no path in the run: runs:/RUN/PATH")
		}
		n.RunID = first
		return take(1)
	}
	if at := strings.LastIndex(first, "@"); at >= 0 {
		if n.Name, n.Alias = first[:at], first[at+1:]; n.Name == "" || strings.TrimSpace(n.Alias) == "" {
			return refused("it names no alias: models:/NAME@ALIAS")
		}
		return take(1)
	}
	if len(parts) == 1 {
		if !strings.HasPrefix(first, "m-") {
			return refused("it names no version of the model: models:/NAME/3, models:/NAME@ALIAS or models:/NAME/latest; the id of a logged model begins with m-")
		}
		n.ModelID = first
		return n, nil
	}
	n.Name = first
	switch suffix := parts[1]; {
	case strings.Trim(suffix, "0123456789") == "":
		n.Version = suffix
	case strings.EqualFold(suffix, "latest"):
		n.Latest = true
	default:
		n.Stage = suffix
	}
	return take(2)
}

// clean reports whether a relative path has no empty part, and none that leads up.
func clean(name string) bool {
	return !slices.ContainsFunc(strings.Split(name, "/"), func(part string) bool { return part == "" || part == "." || part == ".." })
}

// ProxiedArtifacts returns the address of the files of a location of the scheme
// mlflow-artifacts on an MLflow server, which is a directory, and of the API that signs
// addresses of them.
func ProxiedArtifacts(server, location string) (files, signed string, err error) {
	s, err := url.Parse(server)
	if err != nil || s.Scheme != "http" && s.Scheme != "https" || s.Host == "" {
		return "", "", fmt.Errorf("the MLflow server %q is not an http or https address", server)
	}
	l, err := url.Parse(location)
	if err != nil || l.Scheme != "mlflow-artifacts" || !clean(strings.Trim(l.Path, "/")) {
		return "", "", fmt.Errorf("%q is not a location of an MLflow server's artifacts", location)
	}
	// As MlflowArtifactsRepository.resolve_uri: another host, but the tracking
	// server's scheme and path.
	base := url.URL{Scheme: s.Scheme, Host: s.Host, Path: s.Path}
	if l.Host != "" {
		base.Host = l.Host
	}
	// Not JoinPath, which decodes once more: a name may have a "%", and "%2e%2e" leads up.
	below := func(api string) string {
		at := base
		at.Path = path.Join("/", base.Path, "api/2.0/mlflow-artifacts", api, l.Path)
		return at.String()
	}
	return below("artifacts"), below("presigned"), nil
}

// The secrets of a step that fetches from an MLflow server, which have the names of
// MLflow's own variables.
const (
	MLflowServer    = "MLFLOW_TRACKING_URI" // the server that the others are for
	MLflowToken     = "MLFLOW_TRACKING_TOKEN"
	MLflowUsername  = "MLFLOW_TRACKING_USERNAME"
	MLflowPassword  = "MLFLOW_TRACKING_PASSWORD"
	MLflowWorkspace = "MLFLOW_WORKSPACE"
)

// Access implements Listed.
func (MLflow) Access(p Pin) (Access, error) {
	if n, err := ParseMLflow(p.Location); err == nil {
		if root, ok := UnityCatalogFiles(n); ok && strings.HasPrefix(p.Server, "https://") {
			u := url.URL{Path: root}
			return Access{URL: p.Server + DatabricksFiles + u.EscapedPath(), Secrets: []string{MLflowServer, MLflowToken}}, nil
		}
	}
	if (Objects{}).Match(p.Location) {
		return bucketAccess(p.Location, p.Revisions)
	}
	if !strings.HasPrefix(p.Location, "mlflow-artifacts:") {
		return Access{}, fmt.Errorf("its files are at %s, which only the client reaches: build it with deployfile build", p.Location)
	}
	files, signed, err := ProxiedArtifacts(p.Server, p.Location)
	if err != nil {
		return Access{}, err
	}
	a := Access{URL: files, Signed: signed}
	// The location may name another host than the tracking server's.
	at, _ := url.Parse(files)
	if server, err := url.Parse(p.Server); err == nil && at.Host == server.Host {
		a.Secrets = []string{MLflowServer, MLflowToken, MLflowUsername, MLflowPassword, MLflowWorkspace}
	}
	return a, nil
}
