package modelstore

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"net/url"
	"path/filepath"
	"strings"

	"github.com/deployfile/deployfile/internal/untrusted"
	"github.com/deployfile/deployfile/modelsource"
)

// The variables of MLflow's own client, besides those of package modelsource.
const (
	trackingVariable    = modelsource.MLflowServer
	certificateVariable = "MLFLOW_TRACKING_SERVER_CERT_PATH"
	authorization       = "Authorization"
	workspaceHeader     = "X-Mlflow-Workspace"
)

// trackingURI returns the address of the tracking server: the Deployfile's, else the
// environment's.
func trackingURI(o Options) string {
	if o.TrackingURI != "" {
		return o.TrackingURI
	}
	return o.Getenv(trackingVariable)
}

// newServer returns the MLflow server at an address, and asks nobody. The user's
// credentials go to the server that MLFLOW_TRACKING_URI names: a Deployfile or a lock,
// which may come from somebody else, could name any.
func newServer(address string, o Options) (*server, error) {
	if address == "" {
		return nil, errors.New("no MLflow server is known: set MLFLOW_TRACKING_URI, or tracking-uri in [model]")
	}
	u, err := url.Parse(address)
	switch {
	case err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https":
		return nil, errors.New("the tracking server must be an http or https address: start one with mlflow server for a database or a directory")
	case u.User != nil:
		return nil, errors.New("the address of the tracking server holds a credential; take it out, and set MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD")
	}
	u.RawQuery, u.Fragment = "", ""
	headers, err := credentials(o)
	if err != nil {
		return nil, err
	}
	s := &server{base: strings.TrimRight(u.String(), "/"), trusted: sameOrigin(u, o.Getenv(trackingVariable)), options: o}
	withheld := !s.trusted && headers.Get(authorization) != ""
	if withheld {
		headers.Del(authorization)
	}
	var authorities []byte
	if name := o.Getenv(certificateVariable); name != "" {
		if authorities, err = untrusted.ReadNamed(name, maxCertificates); err != nil {
			return nil, fmt.Errorf("%s: %w", certificateVariable, err)
		}
	}
	if s.client, err = newClient(u, headers, authorities, advice{
		credential: "set MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD, or MLFLOW_TRACKING_TOKEN, or write ~/.mlflow/credentials",
		authority:  certificateVariable + " or SSL_CERT_FILE",
	}); err != nil {
		return nil, err
	}
	if withheld {
		s.client.advice.withheld = trackingVariable + "=" + s.base
	}
	return s, nil
}

// sameOrigin reports whether an address has the scheme and the host of a server.
func sameOrigin(server *url.URL, address string) bool {
	u, err := url.Parse(address)
	return err == nil && u.Host != "" && strings.EqualFold(u.Scheme, server.Scheme) && strings.EqualFold(u.Host, server.Host)
}

// The largest files that are read, in bytes.
const (
	maxCertificates = 4 << 20
	maxCredentials  = 1 << 20
)

// credentials returns the headers of the user's credentials, as MLflow's client chooses
// them (mlflow/utils/credentials.py, rest_utils.py).
func credentials(o Options) (http.Header, error) {
	h := http.Header{}
	file, err := credentialsFile(o.Home)
	if err != nil {
		return nil, err
	}
	user, password := o.Getenv(modelsource.MLflowUsername), o.Getenv(modelsource.MLflowPassword)
	if user == "" {
		user = file["mlflow_tracking_username"]
	}
	if password == "" {
		password = file["mlflow_tracking_password"]
	}
	switch token := o.Getenv(modelsource.MLflowToken); {
	case user != "" && password != "":
		h.Set(authorization, basic(user, password))
	case token != "":
		h.Set(authorization, "Bearer "+token)
	}
	if workspace := o.Getenv(modelsource.MLflowWorkspace); workspace != "" {
		h.Set(workspaceHeader, workspace)
	}
	return h, nil
}

// basic is the header of a user and a password (RFC 7617).
func basic(user, password string) string {
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(user+":"+password))
}

// credentialsFile reads the section [mlflow] of ~/.mlflow/credentials.
func credentialsFile(home string) (map[string]string, error) {
	if home == "" {
		return nil, nil
	}
	return section(filepath.Join(home, ".mlflow", "credentials"), "mlflow")
}

// section reads a section of a file as Python's configparser has them; it is empty if
// there is no such file.
func section(file, wanted string) (map[string]string, error) {
	found := map[string]string{}
	if file == "" {
		return found, nil
	}
	data, err := untrusted.ReadNamed(file, maxCredentials)
	if errors.Is(err, fs.ErrNotExist) {
		return found, nil
	}
	if err != nil {
		return nil, err
	}
	section := ""
	for lines := bufio.NewScanner(bytes.NewReader(data)); lines.Scan(); {
		line := strings.TrimSpace(lines.Text())
		if strings.HasPrefix(line, "[") {
			section = strings.Trim(line, "[]")
			continue
		}
		name, value, ok := strings.Cut(line, "=")
		if !ok || section != wanted || strings.HasPrefix(line, "#") || strings.HasPrefix(line, ";") {
			continue
		}
		found[strings.ToLower(strings.TrimSpace(name))] = strings.TrimSpace(value)
	}
	return found, nil
}
