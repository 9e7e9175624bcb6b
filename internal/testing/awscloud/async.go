package awscloud

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"time"
)

// answerTime is how long a request is in the queue of an asynchronous endpoint.
const answerTime = 30 * time.Second

// queued is the answer to a request of an asynchronous endpoint, and when it is written.
type queued struct {
	path    string
	content []byte
	at      time.Time
}

// asyncOf returns how an endpoint answers asynchronously, nil if it does not.
func (c *Cloud) asyncOf(e *endpoint) map[string]any {
	o := c.configs[e.config]
	if o == nil {
		return nil
	}
	config, _ := o.body["AsyncInferenceConfig"].(map[string]any)
	return config
}

// invokeAsync takes a request whose body is an object of S3. Whether the container has
// answered well or not, the runtime says only that it has taken the request.
func (c *Cloud) invokeAsync(w http.ResponseWriter, r *http.Request) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.calls = append(c.calls, "InvokeEndpointAsync")
	name := strings.Split(strings.TrimPrefix(r.URL.Path, "/endpoints/"), "/")[0]
	in := map[string]any{"EndpointName": name}
	for field, header := range map[string]string{
		"InputLocation": "X-Amzn-Sagemaker-Inputlocation", "ContentType": "X-Amzn-Sagemaker-Content-Type", "Accept": "X-Amzn-Sagemaker-Accept",
	} {
		if value := r.Header.Get(header); value != "" {
			in[field] = value
		}
	}
	c.checkRuntime("InvokeEndpointAsync", true, in)
	out, err := c.enqueue(in)
	if err != nil {
		c.answer(w, nil, err)
		return
	}
	c.checkRuntime("InvokeEndpointAsync", false, out)
	w.Header().Set("X-Amzn-SageMaker-OutputLocation", text(out, "OutputLocation"))
	w.Header().Set("X-Amzn-SageMaker-FailureLocation", text(out, "FailureLocation"))
	w.WriteHeader(http.StatusAccepted)
	_ = json.NewEncoder(w).Encode(map[string]any{"InferenceId": out["InferenceId"]})
}

// checkRuntime checks the fields of a request or an answer whose headers have most of them.
func (c *Cloud) checkRuntime(operation string, input bool, fields map[string]any) {
	if c.Shapes == nil {
		return
	}
	body, _ := json.Marshal(fields)
	if err := c.Shapes("runtime:"+operation, input, body); err != nil {
		c.mistake("%s: %v", operation, err)
	}
}

func (c *Cloud) enqueue(in map[string]any) (map[string]any, error) {
	e, err := c.find(in)
	if err != nil {
		return nil, err
	}
	config := c.asyncOf(e)
	if config == nil {
		return nil, invalid("Endpoint %s is not asynchronous.", e.name)
	}
	v, err := e.choose("")
	if err != nil {
		return nil, err
	}
	c.answered++
	id := fmt.Sprintf("0a%06d", c.answered)
	places, _ := config["OutputConfig"].(map[string]any)
	output, failed := text(places, "S3OutputPath")+"/"+id+".out", text(places, "S3FailurePath")+"/"+id+"-error.out"
	body, there := c.objects[strings.TrimPrefix(text(in, "InputLocation"), "s3://")]
	q := queued{path: output, content: fmt.Appendf(nil, "{\"image\": %q}", v.image), at: c.now.Add(answerTime)}
	if !there {
		q.path, q.content = failed, []byte("Failed to download input data")
	} else if v.server != nil {
		passed := httptest.NewRequest(http.MethodPost, "/invocations", strings.NewReader(string(body)))
		passed.Header.Set("Content-Type", text(in, "ContentType"))
		got := httptest.NewRecorder()
		v.server.ServeHTTP(got, passed)
		q.content = got.Body.Bytes()
		if got.Code >= 300 {
			q.path, q.content = failed, fmt.Appendf(nil, "Received client error (%d) from %s with message %q.", got.Code, v.name, got.Body)
		}
	}
	q.path = strings.TrimPrefix(q.path, "s3://")
	c.queue = append(c.queue, q)
	return map[string]any{"InferenceId": id, "OutputLocation": output, "FailureLocation": failed}, nil
}

// passQueue writes the answers whose time has come.
func (c *Cloud) passQueue() {
	for len(c.queue) > 0 && !c.queue[0].at.After(c.now) {
		c.objects[c.queue[0].path] = c.queue[0].content
		c.queue = c.queue[1:]
	}
}
