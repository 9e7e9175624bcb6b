package awscloud

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"time"
)

// invoke answers a request of the runtime: by weights, or by the variant that is asked for.
func (c *Cloud) invoke(w http.ResponseWriter, r *http.Request, body []byte) {
	c.mu.Lock()
	c.calls = append(c.calls, "InvokeEndpoint")
	name := strings.Split(strings.TrimPrefix(r.URL.Path, "/endpoints/"), "/")[0]
	e, err := c.find(map[string]any{"EndpointName": name})
	if err == nil {
		err = c.may("InvokeEndpoint", map[string]any{"EndpointName": name})
	}
	if err == nil && c.asyncOf(e) != nil {
		err = invalid("Endpoint %s is asynchronous: it takes no InvokeEndpoint.", e.name)
	}
	var chosen *variant
	if err == nil {
		chosen, err = e.choose(r.Header.Get("X-Amzn-SageMaker-Target-Variant"))
	}
	if err == nil {
		chosen.answering.Add(1)
		defer chosen.answering.Done()
	}
	c.mu.Unlock()
	if err != nil {
		c.answer(w, nil, err)
		return
	}
	if chosen.server == nil {
		w.Header().Set("X-Amzn-Invoked-Production-Variant", chosen.name)
		fmt.Fprintf(w, "{\"image\": %q}", chosen.image)
		return
	}
	// Other headers do not get to the server.
	passed := httptest.NewRequest(http.MethodPost, "/invocations", strings.NewReader(string(body)))
	for header := range r.Header {
		if header == "Content-Type" || header == "Accept" || strings.HasPrefix(header, "X-Amzn-Sagemaker-") {
			passed.Header[header] = r.Header[header]
		}
	}
	got := httptest.NewRecorder()
	chosen.server.ServeHTTP(got, passed)
	if got.Code >= 300 {
		w.Header().Set("X-Amzn-ErrorType", "ModelError")
		w.WriteHeader(http.StatusFailedDependency)
		_ = json.NewEncoder(w).Encode(map[string]any{
			"Message":            fmt.Sprintf("Received client error (%d) from %s with message %q.", got.Code, chosen.name, got.Body),
			"OriginalStatusCode": got.Code, "OriginalMessage": got.Body.String(), "LogStreamArn": "",
		})
		return
	}
	w.Header().Set("Content-Type", got.Header().Get("Content-Type"))
	w.Header().Set("X-Amzn-Invoked-Production-Variant", chosen.name)
	_, _ = w.Write(got.Body.Bytes())
}

// choose returns the variant that answers: each gets its share of any hundred requests.
func (e *endpoint) choose(named string) (*variant, error) {
	if len(e.variants) == 0 {
		return nil, invalid("Endpoint %s of account is not in service.", e.name)
	}
	all := 0.0
	for _, v := range e.variants {
		if v.shadow {
			continue
		}
		if v.name == named {
			return v, nil
		}
		all += v.weight
	}
	if named != "" {
		return nil, invalid("Variant %s not found.", named)
	}
	e.sent++
	var chosen *variant
	most := 0.0
	for _, v := range e.variants {
		if lacks := v.weight/all*float64(e.sent) - float64(v.sent); v.weight > 0 && !v.shadow && (chosen == nil || lacks > most) {
			chosen, most = v, lacks
		}
	}
	if chosen == nil {
		return nil, invalid("Endpoint %s has no variant with a weight.", e.name)
	}
	chosen.sent++
	for _, v := range e.variants {
		if v.shadow && float64(v.copies) < v.weight/all*float64(e.sent) {
			v.copies++
		}
	}
	return chosen, nil
}

// Copies returns how many copies of requests an endpoint's variant has got.
func (c *Cloud) Copies(name, variant string) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, v := range c.endpoints[strings.ToLower(name)].variants {
		if v.name == variant {
			return v.copies
		}
	}
	return 0
}

// Serving returns the image that answers a request to an endpoint, "" for none.
func (c *Cloud) Serving(name string) string {
	c.mu.Lock()
	defer c.mu.Unlock()
	e := c.endpoints[strings.ToLower(name)]
	if e == nil || len(e.variants) == 0 {
		return ""
	}
	return e.variants[0].image
}

// Wait lets time pass.
func (c *Cloud) Wait(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for end := c.now.Add(d); c.now.Before(end); {
		for _, e := range c.endpoints {
			if e.fleet != nil {
				e.fleet <- <-e.fleet // it is up
			}
		}
		for _, j := range c.jobs {
			if !j.until.IsZero() {
				j.done <- <-j.done
			}
		}
		c.pass()
	}
}

// Log adds a line to the log of an endpoint's variant.
func (c *Cloud) Log(endpoint, variant, line string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	group := "/aws/sagemaker/Endpoints/" + endpoint
	c.logs[group] = append(c.logs[group], logLine{stream: variant + "/i-0001", text: line, at: c.now})
}

func (c *Cloud) filterLogs(in map[string]any) (any, error) {
	lines, ok := c.logs[text(in, "logGroupName")]
	if !ok {
		return nil, &refusal{http.StatusBadRequest, "ResourceNotFoundException", "The specified log group does not exist."}
	}
	since, _ := in["startTime"].(float64)
	events := []any{}
	for n, l := range lines {
		if at := float64(l.at.UnixMilli()); at >= since && strings.HasPrefix(l.stream, text(in, "logStreamNamePrefix")) {
			events = append(events, map[string]any{"timestamp": at, "message": l.text, "logStreamName": l.stream, "eventId": fmt.Sprint(n), "ingestionTime": at})
		}
	}
	return map[string]any{"events": events}, nil
}

func (c *Cloud) createRepository(in map[string]any) (any, error) {
	name := text(in, "repositoryName")
	if c.repos[name] {
		return nil, &refusal{http.StatusBadRequest, "RepositoryAlreadyExistsException", name}
	}
	c.repos[name] = true
	return map[string]any{"repository": c.repository(name)}, nil
}

func (c *Cloud) describeRepositories(in map[string]any) (any, error) {
	names, _ := in["repositoryNames"].([]any)
	out := []any{}
	for _, n := range names {
		name, _ := n.(string)
		if !c.repos[name] {
			return nil, &refusal{http.StatusBadRequest, "RepositoryNotFoundException", fmt.Sprintf("The repository with name '%s' does not exist in the registry with id '%s'", name, c.Account)}
		}
		out = append(out, c.repository(name))
	}
	return map[string]any{"repositories": out}, nil
}

func (c *Cloud) repository(name string) map[string]any {
	return map[string]any{
		"repositoryName": name, "registryId": c.Account, "repositoryArn": fmt.Sprintf("arn:aws:ecr:%s:%s:repository/%s", c.Region, c.Account, name),
		"repositoryUri": fmt.Sprintf("%s.dkr.ecr.%s.amazonaws.com/%s", c.Account, c.Region, name),
	}
}

func (c *Cloud) authorizationToken(map[string]any) (any, error) {
	return map[string]any{"authorizationData": []any{map[string]any{
		"authorizationToken": base64.StdEncoding.EncodeToString([]byte("AWS:token")),
		"expiresAt":          timestamp(c.now.Add(12 * time.Hour)),
		"proxyEndpoint":      fmt.Sprintf("https://%s.dkr.ecr.%s.amazonaws.com", c.Account, c.Region),
	}}}, nil
}
