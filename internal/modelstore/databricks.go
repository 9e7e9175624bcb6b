package modelstore

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/deployfile/deployfile/modelsource"
	"golang.org/x/oauth2"
	"golang.org/x/oauth2/clientcredentials"
)

// The variables of Databricks' own tools.
const (
	databricksHost    = "DATABRICKS_HOST"
	databricksToken   = "DATABRICKS_TOKEN"
	databricksClient  = "DATABRICKS_CLIENT_ID"
	databricksSecret  = "DATABRICKS_CLIENT_SECRET"
	databricksProfile = "DATABRICKS_CONFIG_PROFILE"
	databricksFile    = "DATABRICKS_CONFIG_FILE"
)

// isDatabricks reports whether a tracking URI is the workspace of Databricks that the
// user's own variables or files name; a profile of the file may follow.
func isDatabricks(uri string) bool {
	return regexp.MustCompile(`^databricks(-uc)?(://[^/]*)?$`).MatchString(uri)
}

// databricksConfig says which workspace, and how to log in there.
type databricksConfig struct{ host, token, client, secret string }

// readDatabricks returns the configuration of a tracking URI.
func readDatabricks(uri string, o Options) (databricksConfig, error) {
	_, profile, _ := strings.Cut(uri, "://")
	if profile == "" && o.Getenv(databricksHost) != "" {
		return databricksConfig{o.Getenv(databricksHost), o.Getenv(databricksToken), o.Getenv(databricksClient), o.Getenv(databricksSecret)}, nil
	}
	if profile == "" {
		profile = o.Getenv(databricksProfile)
	}
	if profile == "" {
		profile = "DEFAULT"
	}
	name := o.Getenv(databricksFile)
	if name == "" && o.Home != "" {
		name = filepath.Join(o.Home, ".databrickscfg")
	}
	found, err := section(name, profile)
	return databricksConfig{found["host"], found["token"], found["client_id"], found["client_secret"]}, err
}

// newDatabricks returns the workspace of a tracking URI. It asks for a token if the user
// has an OAuth client, and nobody else.
func newDatabricks(ctx context.Context, uri string, o Options) (*server, error) {
	c, err := readDatabricks(uri, o)
	if err != nil {
		return nil, err
	}
	if c.host == "" {
		return nil, errors.New("no workspace of Databricks is known: set DATABRICKS_HOST, or write a profile to ~/.databrickscfg")
	}
	if !strings.Contains(c.host, "://") {
		c.host = "https://" + c.host
	}
	u, err := url.Parse(c.host)
	if err != nil || u.Host == "" || u.User != nil || u.Scheme != "https" && !(u.Scheme == "http" && onLoopback(u.Host)) {
		return nil, errors.New("the workspace of Databricks is not an https address without a credential")
	}
	u.Path, u.RawQuery, u.Fragment = "", "", ""
	s := &server{base: u.String(), trusted: true, options: o}
	if s.client, err = newClient(u, http.Header{}, nil, advice{
		credential: "set DATABRICKS_TOKEN, or DATABRICKS_CLIENT_ID and DATABRICKS_CLIENT_SECRET, or write them to ~/.databrickscfg",
		authority:  "SSL_CERT_FILE",
	}); err != nil {
		return nil, err
	}
	if c.token == "" && c.client != "" && c.secret != "" {
		if c.token, err = s.machineToken(ctx, c); err != nil {
			return nil, err
		}
	}
	if c.token != "" {
		s.client.headers.Set(authorization, "Bearer "+c.token)
	}
	return s, nil
}

// machineToken logs in as a service principal (OAuth M2M).
func (s *server) machineToken(ctx context.Context, c databricksConfig) (string, error) {
	login := clientcredentials.Config{
		ClientID: c.client, ClientSecret: c.secret, TokenURL: s.base + "/oidc/v1/token",
		Scopes: []string{"all-apis"}, AuthStyle: oauth2.AuthStyleInHeader,
	}
	token, err := login.Token(context.WithValue(ctx, oauth2.HTTPClient, s.client.http))
	var refused *oauth2.RetrieveError
	switch {
	case errors.As(err, &refused):
		return "", fmt.Errorf("%s: the OAuth client is not accepted (%s)", s.client.host, refusal(refused))
	case err != nil:
		return "", s.client.withoutAddress(&url.URL{Host: s.client.host}, "a token of the OAuth client", err)
	}
	return token.AccessToken, nil
}

// resolveDatabricks asks a registry of Databricks: Unity Catalog for a name of three
// levels, else the workspace's own.
func resolveDatabricks(ctx context.Context, n modelsource.MLflowName, source string, o Options) (*Model, error) {
	switch {
	case n.Name == "":
		return nil, errors.New("of Databricks only registered models are read, such as models:/CATALOG.SCHEMA.NAME@ALIAS: register the model, or download it with mlflow artifacts download")
	case modelsource.InUnityCatalog(n.Name) && (n.Latest || n.Stage != ""):
		return nil, errors.New("in Unity Catalog there are no stages and no latest version: name a version, or an alias: models:/CATALOG.SCHEMA.NAME@ALIAS")
	}
	s, err := newDatabricks(ctx, trackingURI(o), o)
	if err != nil {
		return nil, err
	}
	if modelsource.InUnityCatalog(n.Name) {
		s.registry = "unity-catalog/"
	}
	pin := modelsource.Pin{Source: source, Server: s.base}
	v, err := s.find(ctx, n, &pin)
	if err != nil {
		return nil, err
	}
	if v.RunID != "" {
		s.describeRun(ctx, v.RunID, &pin)
	}
	if n.Path != "" {
		pin.Resolved += "/" + n.Path
	}
	pin.Location = pin.Resolved
	store, err := s.openVersion(pin.Location)
	return &Model{Pin: pin, Store: store}, err
}

// reopenDatabricks returns the store of a pin whose files a registry of Databricks has.
func reopenDatabricks(pin modelsource.Pin, o Options) (Store, error) {
	uri := trackingURI(o)
	if !isDatabricks(uri) {
		uri = "databricks"
	}
	s, err := newDatabricks(context.Background(), uri, o)
	if err != nil {
		return nil, err
	}
	if s.base != pin.Server {
		return nil, fmt.Errorf("the lock is of the workspace %s, and yours is %s: set DATABRICKS_HOST, or run deployfile lock", pin.Server, s.base)
	}
	return s.openVersion(pin.Location)
}

// openVersion returns the store of models:/NAME/VERSION, and a path in it.
func (s *server) openVersion(location string) (Store, error) {
	n, err := modelsource.ParseMLflow(location)
	if err != nil {
		return nil, err
	}
	if files, ok := modelsource.UnityCatalogFiles(n); ok {
		return &unityFiles{client: s.client, base: s.base, root: files}, nil
	}
	if n.Name == "" || n.Version == "" {
		return nil, fmt.Errorf("%s is no version of a registered model", location)
	}
	return &workspaceModel{server: s, name: n}, nil
}
