package azurecloud

import (
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
)

// invoke is the server of scoring URIs.
func (c *Cloud) invoke(w http.ResponseWriter, r *http.Request) {
	server, image, status, message := c.chosen(r)
	if status != 0 {
		http.Error(w, message, status)
		return
	}
	if server == nil {
		io.WriteString(w, image)
		return
	}
	defer server.answering.Done()
	r.Header.Del("Authorization")
	r.URL.Path = "/invocations"
	recorder := httptest.NewRecorder()
	server.ServeHTTP(recorder, r)
	maps.Copy(w.Header(), recorder.Header())
	if recorder.Code >= 400 {
		w.Header().Set("Ms-Azureml-Model-Error-Statuscode", fmt.Sprint(recorder.Code))
		w.Header().Set("Ms-Azureml-Model-Error-Reason", "model_error")
		w.WriteHeader(http.StatusFailedDependency)
	}
	_, _ = w.Write(recorder.Body.Bytes())
}

// chosen returns who answers a request: whom it names, or the one that is furthest below
// its share.
func (c *Cloud) chosen(r *http.Request) (server *running, image string, status int, message string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	e := c.endpoints[r.PathValue("endpoint")]
	if e == nil {
		return nil, "", http.StatusNotFound, "no endpoint"
	}
	key := c.key()
	if text(e.body, "properties", "authMode") == "AADToken" {
		key = "token-for-https://ml.azure.com"
	}
	if r.Header.Get("Authorization") != "Bearer "+key {
		return nil, "", http.StatusUnauthorized, "not authorised"
	}
	name := r.Header.Get("Azureml-Model-Deployment")
	if name == "" {
		traffic, least := e.traffic("traffic"), 0.0
		for _, one := range slices.Sorted(maps.Keys(traffic)) {
			if full := float64(e.sent[one]+1) / float64(traffic[one]); name == "" || full < least {
				name, least = one, full
			}
		}
	}
	d := e.deployments[name]
	if d == nil || !d.running {
		return nil, "", http.StatusNotFound, strings.TrimSpace("no deployment " + name)
	}
	e.sent[name]++
	if d.server != nil {
		d.server.answering.Add(1)
	}
	return d.server, d.image, 0, ""
}
