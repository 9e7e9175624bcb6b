// Package azurecloud is a double of the parts of Azure that the kind azureml uses: the
// resource manager with a workspace of Azure Machine Learning in it, the scoring URIs of
// its endpoints, and the tokens of a managed identity. Time passes by requests, so a
// deployment that takes minutes to start is there in milliseconds. Each request and
// each answer is checked against the types of Azure's own library.
package azurecloud

import (
	"cmp"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/cloud"
	"github.com/deployfile/deployfile/publish/publishtest"
)

// The workspace that is there.
const (
	Subscription  = "12345678-1234-1234-1234-123456789012"
	ResourceGroup = "ml"
	Workspace     = "team"
	Location      = "westeurope"
)

// workspaceID is the resource id of the workspace.
const workspaceID = "/subscriptions/" + Subscription + "/resourceGroups/" + ResourceGroup + "/providers/Microsoft.MachineLearningServices/workspaces/" + Workspace

// Cloud is a workspace.
type Cloud struct {
	// Step is how much time passes with each request. Changes of endpoints take minutes.
	Step time.Duration
	// Quota is how many instances there may be, of which Azure keeps a fifth; 0 for any.
	Quota int
	// Roles are the caller's, Owner by default; Assigned the ids of the roles that the
	// identity "puller" has at the registry.
	Roles    []Role
	Assigned []string
	// Registry is the name of the workspace's registry, "" for none.
	Registry string
	// Pull fails for an image that cannot be pulled.
	Pull func(image string) error
	// Start starts the server of a deployment, which answers until it is stopped; nil starts
	// none, and answers are the image's name. An error is why it does not become ready.
	Start func(Container) (Server, error)
	// ScoringURI is where all endpoints say that they answer, if they lie.
	ScoringURI string
	// Run runs the command of a job to its end; nil runs none. Storage is the directory of the
	// datastore workspaceblobstore.
	Run     func(Task) error
	Storage string
	// Fault is what happens to a request, by its operation; nil for nothing.
	Fault func(operation string) publishtest.RequestFault

	server, identity *httptest.Server
	shapes           map[string]shape

	mu           sync.Mutex
	now          time.Time
	requests     int
	environments map[string]map[string]map[string]any
	endpoints    map[string]*endpoint
	operations   map[string]*operation
	jobs         map[string]*job
	autoscaling  map[string]map[string]any
	keys         int
	calls        []string
	mistakes     []string

	// working are the servers that start or stop.
	working sync.WaitGroup
}

// Server is what answers the requests of a deployment.
type Server interface {
	http.Handler
	// Stop ends it, and returns its log.
	Stop() []string
}

// Container is what an instance of a deployment runs.
type Container struct {
	Image string
	Env   map[string]string
	// Port is where it listens, as all its routes have it.
	Port int
	// Startup is how long it may take to be ready, as its probes have it, and Request how
	// long an answer may.
	Startup, Request time.Duration
}

// New starts a cloud, which ends with the test. What the clients did wrong fails the test.
func New(t testing.TB) *Cloud {
	c := &Cloud{
		Step: 10 * time.Second, now: time.Now().UTC(), shapes: shapes(), Roles: Owner(), Registry: "team", Assigned: []string{"7f951dda-4ed3-4680-a7ca-43fe172d538d"},
		environments: map[string]map[string]map[string]any{}, endpoints: map[string]*endpoint{}, operations: map[string]*operation{}, jobs: map[string]*job{}, autoscaling: map[string]map[string]any{},
	}
	c.server = httptest.NewTLSServer(c.routes())
	c.identity = httptest.NewServer(http.HandlerFunc(c.token))
	t.Cleanup(func() {
		c.server.Close()
		c.identity.Close()
		c.mu.Lock()
		for _, e := range c.endpoints {
			c.stopAll(e)
		}
		c.mu.Unlock()
		c.working.Wait()
		c.mu.Lock()
		defer c.mu.Unlock()
		for _, m := range c.mistakes {
			t.Error(m)
		}
	})
	return c
}

// Client returns a client that trusts the cloud's certificate.
func (c *Cloud) Client() *http.Client { return c.server.Client() }

// Configuration returns the cloud's addresses.
func (c *Cloud) Configuration() cloud.Configuration {
	return cloud.Configuration{
		ActiveDirectoryAuthorityHost: c.server.URL,
		Services: map[cloud.ServiceName]cloud.ServiceConfiguration{
			cloud.ResourceManager: {Endpoint: c.server.URL, Audience: audience},
		},
	}
}

// Environment returns the variables by which azidentity finds a managed identity.
func (c *Cloud) Environment() map[string]string {
	return map[string]string{"IDENTITY_ENDPOINT": c.identity.URL, "IDENTITY_HEADER": "secret-of-the-machine", "AZURE_TOKEN_CREDENTIALS": "ManagedIdentityCredential"}
}

// CommandLine returns the variables by which any client of Azure finds the cloud and trusts
// its certificate, which is in a file of a directory, with those of the system, if it has
// any: builds need them.
func (c *Cloud) CommandLine(t testing.TB, dir string) map[string]string {
	t.Helper()
	file := filepath.Join(dir, "azure.pem")
	system, err := os.ReadFile(cmp.Or(os.Getenv("SSL_CERT_FILE"), "/etc/ssl/certs/ca-certificates.crt"))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, append(append(system, '\n'), pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.server.Certificate().Raw})...), 0o600); err != nil {
		t.Fatal(err)
	}
	out := c.Environment()
	out["ARM_CLOUD_METADATA_URL"] = c.server.URL + "/metadata/endpoints?api-version=2019-05-01"
	out["SSL_CERT_FILE"], out["REQUESTS_CA_BUNDLE"] = file, file
	return out
}

// clouds is the server of the list of clouds, which has this one alone, under two names:
// Azure's Python client does not look for the name of the public cloud.
func (c *Cloud) clouds(w http.ResponseWriter, _ *http.Request) {
	var out []any
	for _, name := range []string{"AzureCloud", "Double"} {
		out = append(out, map[string]any{
			"name": name, "portal": "https://portal.azure.com", "resourceManager": c.server.URL,
			"authentication": map[string]any{"loginEndpoint": c.server.URL, "audiences": []string{audience}, "tenant": "common", "identityProvider": "AAD"},
			"suffixes":       map[string]any{"storage": "core.windows.net"},
		})
	}
	_ = json.NewEncoder(w).Encode(out)
}

// Calls returns the operations that were asked for, in order.
func (c *Cloud) Calls() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.calls)
}

// Wait lets time pass.
func (c *Cloud) Wait(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for range int(d/time.Minute) + 1 {
		c.started()
		c.now = c.now.Add(time.Minute)
		c.pass()
	}
}

// There lists all that is there. An environment without versions is nothing.
func (c *Cloud) There() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	var out []string
	for name, versions := range c.environments {
		for version := range versions {
			out = append(out, "environment "+name+" "+version)
		}
	}
	for name, setting := range c.autoscaling {
		line := "autoscaling " + name
		if c.scaled(setting) == nil {
			line += " of nothing"
		}
		out = append(out, line)
	}
	for name, e := range c.endpoints {
		traffic, _ := json.Marshal([]any{e.traffic("traffic"), e.traffic("mirrorTraffic")})
		out = append(out, fmt.Sprintf("endpoint %s %s %s", name, e.state, traffic))
		for name, d := range e.deployments {
			out = append(out, fmt.Sprintf("deployment %s %s %v", name, d.state, d.capacity()))
		}
	}
	slices.Sort(out)
	return out
}

// Serving returns the image that most requests of an endpoint reach, "" for none.
func (c *Cloud) Serving(name string) string {
	c.mu.Lock()
	defer c.mu.Unlock()
	e := c.endpoints[name]
	if e == nil {
		return ""
	}
	image, most := "", 0
	for name, share := range e.traffic("traffic") {
		if d := e.deployments[name]; d != nil && d.running && share > most {
			image, most = d.image, share
		}
	}
	return image
}

// Change changes the body of an endpoint, or of a deployment if it names one, by hand.
func (c *Cloud) Change(endpoint, deployment string, change func(body map[string]any)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	e := c.endpoints[endpoint]
	if deployment == "" {
		change(e.body)
		return
	}
	change(e.deployments[deployment].body)
}

// Log adds a line to the log of an endpoint's deployments.
func (c *Cloud) Log(endpoint, line string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, d := range c.endpoints[endpoint].deployments {
		d.log = append(d.log, line)
	}
}

// NewKeys replaces the keys of all endpoints.
func (c *Cloud) NewKeys() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.keys++
}

func (c *Cloud) key() string { return fmt.Sprintf("key-%d", c.keys) }

// mistake notes what a client must not do.
func (c *Cloud) mistake(format string, args ...any) {
	c.mistakes = append(c.mistakes, "at the cloud: "+fmt.Sprintf(format, args...))
}

// text returns a text in a body, "" if it has none.
func text(body map[string]any, path ...string) string {
	s, _ := at(body, path...).(string)
	return s
}

// at returns what a body has at a path.
func at(body any, path ...string) any {
	for _, key := range path {
		fields, _ := body.(map[string]any)
		body = fields[key]
	}
	return body
}

// copied returns a copy of a body.
func copied(body map[string]any) map[string]any {
	text, _ := json.Marshal(body)
	var out map[string]any
	_ = json.Unmarshal(text, &out)
	return out
}
