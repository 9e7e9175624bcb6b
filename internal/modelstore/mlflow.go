package modelstore

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/deployfile/deployfile/modelsource"
)

// server is an MLflow tracking server with its registry.
type server struct {
	client *client
	// base is its address, without a slash at its end.
	base string
	// registry is what the names of the registry's API begin with: "" or a path with a
	// slash at its end.
	registry string
	// trusted says that the user's MLFLOW_TRACKING_URI names it.
	trusted bool
	options Options
}

// resolveMLflow asks an MLflow server.
func resolveMLflow(ctx context.Context, source string, o Options) (*Model, error) {
	n, err := modelsource.ParseMLflow(source)
	if err != nil {
		return nil, err
	}
	if isDatabricks(trackingURI(o)) {
		return resolveDatabricks(ctx, n, source, o)
	}
	s, err := newServer(trackingURI(o), o)
	if err != nil {
		return nil, err
	}
	pin := modelsource.Pin{Source: source, Server: s.base}
	var location string
	var store Store
	switch {
	case n.Location != "":
		location, pin.Resolved = n.Location, n.Location
	case n.RunID != "":
		return s.resolveRun(ctx, n, pin)
	case n.ModelID != "":
		location, err = s.logged(ctx, n.ModelID, &pin)
		pin.Resolved = "models:/" + n.ModelID
	default:
		location, err = s.registered(ctx, n, &pin)
	}
	if err != nil {
		return nil, err
	}
	if pin.Location, err = joinLocation(location, n.Path); err != nil {
		return nil, err
	}
	if n.Path != "" {
		pin.Resolved += "/" + n.Path
	}
	if store, err = s.open(pin.Location); err != nil {
		return nil, err
	}
	return &Model{Pin: pin, Store: store}, nil
}

// reopenMLflow returns the store of a pin.
func reopenMLflow(pin modelsource.Pin, o Options) (Store, error) {
	if strings.HasPrefix(pin.Location, "models:") {
		return reopenDatabricks(pin, o)
	}
	server := pin.Server
	if o.TrackingURI != "" || o.Getenv(trackingVariable) != "" {
		// The same server may have another address for this machine.
		server = trackingURI(o)
	}
	s, err := newServer(server, o)
	if err != nil {
		return nil, err
	}
	store, err := s.open(pin.Location)
	if d, ok := store.(directory); ok {
		return lockedDirectory{d, once(func(ctx context.Context) error { return s.confirm(ctx, pin) })}, err
	}
	return store, err
}

// confirm asks whether the model of a pin is where the pin says.
func (s *server) confirm(ctx context.Context, pin modelsource.Pin) error {
	o := s.options
	o.TrackingURI = s.base
	m, err := resolveMLflow(ctx, pin.Resolved, o)
	if err != nil {
		return fmt.Errorf("the lock says that the model is at %s, a directory of this machine: %w", pin.Location, err)
	}
	if m.Pin.Location != pin.Location {
		return fmt.Errorf("the lock says that the model is at %s, and %s that it is at %s; run: deployfile lock --upgrade-model", pin.Location, s.client.host, m.Pin.Location)
	}
	return nil
}

// joinLocation returns the location of a directory in another.
func joinLocation(location, dir string) (string, error) {
	if dir == "" {
		return location, nil
	}
	if path.IsAbs(location) {
		return path.Join(location, dir), nil
	}
	if (modelsource.Objects{}).Match(location) {
		return strings.TrimRight(location, "/") + "/" + dir, nil
	}
	u, err := url.Parse(location)
	if err != nil {
		return "", errors.New("the server names a location that is not a URI")
	}
	return u.JoinPath(escaped(dir)).String(), nil
}

// call asks the REST API of version 2.0.
func (s *server) call(ctx context.Context, method, api, what string, values map[string]any, into any) error {
	return s.client.json(ctx, what, func() (*http.Request, error) {
		address := s.base + "/api/2.0/mlflow/" + api
		if method == http.MethodGet {
			q := url.Values{}
			for name, value := range values {
				q.Set(name, fmt.Sprint(value))
			}
			if len(q) > 0 {
				address += "?" + q.Encode()
			}
			return http.NewRequest(method, address, nil)
		}
		body, err := json.Marshal(values)
		if err != nil {
			return nil, err
		}
		req, err := http.NewRequest(method, address, strings.NewReader(string(body)))
		if err == nil {
			req.Header.Set("Content-Type", "application/json")
		}
		return req, err
	}, into)
}

// explanation returns the message of an API's error, or the text.
func explanation(body []byte) string {
	var e struct {
		Message string `json:"message"`
		Error   any    `json:"error"`
	}
	if json.Unmarshal(body, &e) == nil {
		if text, ok := e.Error.(string); ok && e.Message == "" {
			e.Message = text
		}
		if e.Message != "" {
			return e.Message
		}
	}
	if strings.HasPrefix(strings.TrimSpace(string(body)), "<") {
		return "" // a page
	}
	return string(body)
}

// version is a version of a registered model.
type version struct {
	Name, Version, Source string
	RunID                 string `json:"run_id"`
	ModelID               string `json:"model_id"`
}

// find asks for a version of a registered model, and adds it to a pin.
func (s *server) find(ctx context.Context, n modelsource.MLflowName, pin *modelsource.Pin) (v *version, err error) {
	switch {
	case n.Alias != "":
		v, err = s.aliased(ctx, n.Name, n.Alias)
		pin.Alias = n.Alias
	case n.Version != "":
		v, err = s.version(ctx, n.Name, n.Version)
	default:
		v, err = s.latest(ctx, n.Name, n.Stage)
	}
	if err != nil {
		return nil, err
	}
	if v.Version == "" || strings.Trim(v.Version, "0123456789") != "" {
		return nil, fmt.Errorf("%s: %q is not the number of a version of %q", s.client.host, v.Version, n.Name)
	}
	pin.Name, pin.Version, pin.RunID, pin.ModelID = n.Name, v.Version, v.RunID, v.ModelID
	pin.Resolved = "models:/" + n.Name + "/" + v.Version
	return v, nil
}

// registered returns where the files of a version of a registered model are.
func (s *server) registered(ctx context.Context, n modelsource.MLflowName, pin *modelsource.Pin) (string, error) {
	v, err := s.find(ctx, n, pin)
	if err != nil {
		return "", err
	}
	var at struct {
		URI string `json:"artifact_uri"`
	}
	err = s.call(ctx, http.MethodGet, "model-versions/get-download-uri", fmt.Sprintf("where version %s of %q is", v.Version, n.Name),
		map[string]any{"name": n.Name, "version": v.Version}, &at)
	if err != nil {
		return "", err
	}
	if v.RunID != "" {
		s.describeRun(ctx, v.RunID, pin)
	}
	// A version may be registered by the id of a logged model.
	if id, ok := strings.CutPrefix(at.URI, "models:/"); ok && strings.HasPrefix(id, "m-") && !strings.ContainsAny(id, "/@") {
		return s.logged(ctx, id, pin)
	}
	return at.URI, nil
}

func (s *server) aliased(ctx context.Context, name, alias string) (*version, error) {
	var answer struct {
		Version version `json:"model_version"`
	}
	err := s.call(ctx, http.MethodGet, s.registry+"registered-models/alias", fmt.Sprintf("the alias %q of the registered model %q", alias, name),
		map[string]any{"name": name, "alias": alias}, &answer)
	return &answer.Version, err
}

func (s *server) version(ctx context.Context, name, number string) (*version, error) {
	var answer struct {
		Version version `json:"model_version"`
	}
	err := s.call(ctx, http.MethodGet, s.registry+"model-versions/get", fmt.Sprintf("version %s of the registered model %q", number, name),
		map[string]any{"name": name, "version": number}, &answer)
	return &answer.Version, err
}

// latest returns the newest version in a stage, or in any.
func (s *server) latest(ctx context.Context, name, stage string) (*version, error) {
	var answer struct {
		Versions []version `json:"model_versions"`
	}
	asked := map[string]any{"name": name}
	what := fmt.Sprintf("the latest version of the registered model %q", name)
	if stage != "" {
		asked["stages"] = []string{stage}
		what += fmt.Sprintf(" in the stage %q", stage)
	}
	if err := s.call(ctx, http.MethodPost, s.registry+"registered-models/get-latest-versions", what, asked, &answer); err != nil {
		return nil, err
	}
	if len(answer.Versions) == 0 {
		return nil, fmt.Errorf("%s: %s: there is none", s.client.host, what)
	}
	newest := slices.MaxFunc(answer.Versions, func(a, b version) int {
		x, _ := strconv.Atoi(a.Version)
		y, _ := strconv.Atoi(b.Version)
		return cmp.Compare(x, y)
	})
	return &newest, nil
}

// logged returns where the files of a logged model are.
func (s *server) logged(ctx context.Context, id string, pin *modelsource.Pin) (string, error) {
	var answer struct {
		Model loggedModel `json:"model"`
	}
	if err := s.call(ctx, http.MethodGet, "logged-models/"+url.PathEscape(id), fmt.Sprintf("the logged model %q", id), nil, &answer); err != nil {
		return "", err
	}
	m := answer.Model.Info
	pin.ModelID, pin.RunID, pin.Experiment = id, cmp.Or(pin.RunID, m.RunID), cmp.Or(pin.Experiment, m.ExperimentID)
	if pin.Commit == "" && pin.RunID != "" {
		s.describeRun(ctx, pin.RunID, pin)
	}
	return m.URI, nil
}

type loggedModel struct {
	Info struct {
		ID           string `json:"model_id"`
		ExperimentID string `json:"experiment_id"`
		URI          string `json:"artifact_uri"`
		RunID        string `json:"source_run_id"`
	} `json:"info"`
}
