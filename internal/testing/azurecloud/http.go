package azurecloud

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/deployfile/deployfile/publish/publishtest"
)

const (
	apiVersion = "2024-04-01"
	audience   = "https://management.core.windows.net/"
)

// refusal is an answer of Azure that reports an error.
type refusal struct {
	status        int
	code, message string
}

func (r *refusal) Error() string { return r.code + ": " + r.message }

func invalid(format string, args ...any) *refusal {
	return &refusal{http.StatusBadRequest, "BadArgument", fmt.Sprintf(format, args...)}
}

func notFound(what string) *refusal {
	return &refusal{http.StatusNotFound, "ResourceNotFound", "The requested resource does not exist: " + what}
}

func busy(what string) *refusal {
	return &refusal{http.StatusConflict, "Conflict", "There is an operation in progress: " + what}
}

// answer is what a handler answers with.
type answer struct {
	status int
	body   any
	header map[string]string
}

// handler does what is asked for, under the lock.
type handler func(r *http.Request, body map[string]any) (answer, error)

func (c *Cloud) routes() http.Handler {
	mux := http.NewServeMux()
	workspace := "/subscriptions/" + Subscription + "/resourceGroups/" + ResourceGroup + "/providers/Microsoft.MachineLearningServices/workspaces/" + Workspace
	endpoint, deployment := workspace+"/onlineEndpoints/{endpoint}", workspace+"/onlineEndpoints/{endpoint}/deployments/{deployment}"
	environment := workspace + "/environments/{environment}/versions"
	group := "/subscriptions/" + Subscription + "/resourceGroups/" + ResourceGroup
	settings := "/subscriptions/" + Subscription + "/resourcegroups/" + ResourceGroup + "/providers/Microsoft.Insights/autoscalesettings"
	registry := group + "/providers/Microsoft.ContainerRegistry/registries/{registry}"
	operations := "/subscriptions/" + Subscription + "/providers/Microsoft.MachineLearningServices/locations/" + Location
	for pattern, h := range map[string]struct {
		name string
		do   handler
	}{
		"GET " + workspace:                                                       {"get workspace", c.getWorkspace},
		"GET " + environment:                                                     {"list environments", c.listEnvironments},
		"GET " + environment + "/{version}":                                      {"get environment", c.getEnvironment},
		"PUT " + environment + "/{version}":                                      {"put environment", c.putEnvironment},
		"DELETE " + environment + "/{version}":                                   {"delete environment", c.deleteEnvironment},
		"GET " + endpoint:                                                        {"get endpoint", c.getEndpoint},
		"PUT " + endpoint:                                                        {"put endpoint", c.putEndpoint},
		"DELETE " + endpoint:                                                     {"delete endpoint", c.deleteEndpoint},
		"POST " + endpoint + "/listKeys":                                         {"list keys", c.listKeys},
		"POST " + endpoint + "/token":                                            {"get token", c.listKeys},
		"GET " + endpoint + "/deployments":                                       {"list deployments", c.listDeployments},
		"GET " + deployment:                                                      {"get deployment", c.getDeployment},
		"PUT " + deployment:                                                      {"put deployment", c.putDeployment},
		"DELETE " + deployment:                                                   {"delete deployment", c.deleteDeployment},
		"POST " + deployment + "/getLogs":                                        {"get logs", c.getLogs},
		"GET " + operations + "/mfeOperationsStatus/{operation}":                 {"get operation", c.getOperation},
		"GET " + operations + "/mfeOperationResults/{operation}":                 {"get result", c.getResult},
		"GET " + settings:                                                        {"list autoscaling", c.listScaling},
		"PUT " + settings + "/{setting}":                                         {"put autoscaling", c.putScaling},
		"DELETE " + settings + "/{setting}":                                      {"delete autoscaling", c.deleteScaling},
		"PUT " + workspace + "/jobs/{job}":                                       {"put job", c.putJob},
		"GET " + workspace + "/jobs/{job}":                                       {"get job", c.getJob},
		"POST " + workspace + "/jobs/{job}/cancel":                               {"cancel job", c.cancelJob},
		"GET " + operations + "/vmSizes":                                         {"list sizes", c.listSizes},
		"GET " + operations + "/usages":                                          {"list usages", c.listUsages},
		"GET " + workspace + "/providers/Microsoft.Authorization/permissions":    {"list permissions", c.listPermissions},
		"GET " + group + "/providers/Microsoft.Authorization/permissions":        {"list permissions", c.listPermissions},
		"GET " + registry + "/providers/Microsoft.Authorization/roleAssignments": {"list assignments", c.listAssignments},
		"GET " + group + "/providers/Microsoft.ManagedIdentity/userAssignedIdentities/{identity}": {"get identity", c.getIdentity},
	} {
		mux.HandleFunc(pattern, c.arm(h.name, h.do))
	}
	mux.HandleFunc("GET /metadata/endpoints", c.clouds)
	mux.HandleFunc("/score/{endpoint}/invocations", c.invoke)
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.mistake("unknown request %s %s", r.Method, r.URL)
		http.NotFound(w, r)
	})
	return mux
}

// arm returns the server of an operation of the resource manager.
func (c *Cloud) arm(name string, do handler) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		text, err := io.ReadAll(r.Body)
		if err != nil {
			return
		}
		fault := publishtest.NoFault
		if c.Fault != nil {
			fault = c.Fault(name)
		}
		switch fault {
		case publishtest.Throttled:
			w.Header().Set("Retry-After-Ms", "1")
			write(w, answer{}, &refusal{http.StatusTooManyRequests, "TooManyRequests", "Rate limit is exceeded."})
			return
		case publishtest.Internal:
			write(w, answer{}, &refusal{http.StatusInternalServerError, "InternalServerError", "An internal error occurred."})
			return
		case publishtest.Cut:
			panic(http.ErrAbortHandler)
		}
		out, err := c.do(name, r, text, do)
		if fault == publishtest.LostReply {
			panic(http.ErrAbortHandler)
		}
		write(w, out, err)
	}
}

// do passes time, checks the request and does what it asks for.
func (c *Cloud) do(name string, r *http.Request, text []byte, do handler) (answer, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.requests++
	c.now = c.now.Add(c.Step)
	c.pass()
	c.calls = append(c.calls, name)
	shape, known := c.shapes[name]
	if !known {
		c.mistake("%s has no shape", name)
	}
	// Azure's own client asks for other versions than deployfile.
	if got := r.URL.Query().Get("api-version"); got != cmp.Or(shape.version, apiVersion) && !strings.Contains(r.UserAgent(), "azure-ai-ml") {
		c.mistake("%s has the api-version %q", name, got)
	}
	if got := r.Header.Get("Authorization"); got != "Bearer token-for-"+audience && got != "Bearer token-for-"+c.server.URL {
		c.mistake("%s is not authorised: %q", name, r.Header.Get("Authorization"))
		return answer{}, &refusal{http.StatusUnauthorized, "AuthenticationFailed", "Authentication failed."}
	}
	if err := c.allowed(name); err != nil {
		return answer{}, err
	}
	var body map[string]any
	if len(text) > 0 {
		if err := json.Unmarshal(text, &body); err != nil {
			return answer{}, invalid("%v", err)
		}
	}
	if err := shape.asked(text); err != nil {
		c.mistake("request %s: %v", name, err)
		return answer{}, invalid("%v", err)
	}
	out, err := do(r, body)
	if err := shape.answered(out, err); err != nil {
		c.mistake("the double answers %s: %v", name, err)
	}
	return out, err
}

func write(w http.ResponseWriter, out answer, err error) {
	w.Header().Set("Content-Type", "application/json")
	var refused *refusal
	if errors.As(err, &refused) {
		w.WriteHeader(refused.status)
		_ = json.NewEncoder(w).Encode(errorOf(refused))
		return
	}
	for name, value := range out.header {
		w.Header().Set(name, value)
	}
	w.WriteHeader(out.status)
	if out.body != nil {
		_ = json.NewEncoder(w).Encode(out.body)
	}
}

func errorOf(r *refusal) map[string]any {
	return map[string]any{"error": map[string]any{"code": r.code, "message": r.message}}
}

// token is the server of a managed identity's tokens.
func (c *Cloud) token(w http.ResponseWriter, r *http.Request) {
	if r.Header.Get("X-Identity-Header") != "secret-of-the-machine" {
		http.Error(w, "not from this machine", http.StatusUnauthorized)
		return
	}
	_ = json.NewEncoder(w).Encode(map[string]string{
		"access_token": "token-for-" + strings.TrimSuffix(r.URL.Query().Get("resource"), "/.default"),
		"expires_on":   "4102444800", "resource": r.URL.Query().Get("resource"), "token_type": "Bearer",
	})
}
