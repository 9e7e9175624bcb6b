package azurecloud

import (
	"bytes"
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
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return
	}
	to, copied, refused := c.chosen(r)
	if refused != nil {
		http.Error(w, refused.message, refused.status)
		return
	}
	if copied != nil && copied.server != nil {
		// Nobody gets its answer.
		copied.answer(r, body)
	}
	if to.server == nil {
		io.WriteString(w, to.image)
		return
	}
	recorder := to.answer(r, body)
	maps.Copy(w.Header(), recorder.Header())
	if recorder.Code >= 400 {
		w.Header().Set("Ms-Azureml-Model-Error-Statuscode", fmt.Sprint(recorder.Code))
		w.Header().Set("Ms-Azureml-Model-Error-Reason", "model_error")
		w.WriteHeader(http.StatusFailedDependency)
	}
	_, _ = w.Write(recorder.Body.Bytes())
}

// choice is who gets a request: the server of a deployment, nil if it has none, and its
// image.
type choice struct {
	server *running
	image  string
}

// answer has the server answer a request, which is then done.
func (c *choice) answer(r *http.Request, body []byte) *httptest.ResponseRecorder {
	defer c.server.answering.Done()
	sent := r.Clone(r.Context())
	sent.Header.Del("Authorization")
	sent.URL.Path, sent.Body = "/invocations", io.NopCloser(bytes.NewReader(body))
	recorder := httptest.NewRecorder()
	c.server.ServeHTTP(recorder, sent)
	return recorder
}

// chosen returns who answers a request: whom it names, or the one that is furthest below
// its share; and who gets a copy of it, nil for nobody: only what names nobody is copied.
func (c *Cloud) chosen(r *http.Request) (to, copied *choice, refused *refusal) {
	c.mu.Lock()
	defer c.mu.Unlock()
	e := c.endpoints[r.PathValue("endpoint")]
	if e == nil {
		return nil, nil, &refusal{status: http.StatusNotFound, message: "no endpoint"}
	}
	key := c.key()
	if text(e.body, "properties", "authMode") == "AADToken" {
		key = "token-for-https://ml.azure.com"
	}
	if r.Header.Get("Authorization") != "Bearer "+key {
		return nil, nil, &refusal{status: http.StatusUnauthorized, message: "not authorised"}
	}
	name := r.Header.Get("Azureml-Model-Deployment")
	if name == "" {
		traffic, least := e.traffic("traffic"), 0.0
		for _, one := range slices.Sorted(maps.Keys(traffic)) {
			if full := float64(e.sent[one]+1) / float64(traffic[one]); name == "" || full < least {
				name, least = one, full
			}
		}
		e.all++
		for to, share := range e.traffic("mirrorTraffic") {
			if d := e.deployments[to]; d != nil && d.running && e.copies[to]*100 < e.all*share {
				e.copies[to]++
				copied = d.choice()
			}
		}
	}
	d := e.deployments[name]
	if d == nil || !d.running {
		if copied != nil && copied.server != nil {
			copied.server.answering.Done()
		}
		return nil, nil, &refusal{status: http.StatusNotFound, message: strings.TrimSpace("no deployment " + name)}
	}
	e.sent[name]++
	return d.choice(), copied, nil
}

// choice returns a deployment as who gets a request, which its server is given until it has
// answered.
func (d *deployment) choice() *choice {
	if d.server != nil {
		d.server.answering.Add(1)
	}
	return &choice{d.server, d.image}
}

// Copies returns how many requests a deployment got copies of since the last change of the
// traffic.
func (c *Cloud) Copies(endpoint, deployment string) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.endpoints[endpoint].copies[deployment]
}
