package awscloud

import (
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"time"
)

// job is a transform job.
type job struct {
	name, arn, status, failure string
	body                       map[string]any
	created, until             time.Time
	// seen is the number of the request from which on others see it.
	seen int
	// done has what it has written, nil while it runs.
	done chan written
}

// written are the objects that a job has written, or why it has failed.
type written struct {
	objects map[string][]byte
	failure string
	log     []string
}

// How long jobs take.
const (
	jobTime  = 4 * time.Minute
	stopTime = time.Minute
)

func (c *Cloud) createJob(in map[string]any) (any, error) {
	name := text(in, "TransformJobName")
	if c.jobs[name] != nil {
		return nil, &refusal{http.StatusBadRequest, "ResourceInUse", "Job name must be unique within an AWS account and region, and a job with this name already exists (" + c.jobs[name].arn + ")"}
	}
	if _, err := c.look(c.models, "model", text(in, "ModelName")); err != nil {
		return nil, err
	}
	if sourceOf(c.models[text(in, "ModelName")]) != "" {
		return nil, invalid("Model %q has a ModelDataSource, which Batch Transform does not support.", text(in, "ModelName"))
	}
	j := &job{name: name, arn: c.arn("transform-job", name), status: "InProgress", body: maps.Clone(in), created: c.now, until: c.now.Add(jobTime), seen: c.requests + c.Stale + 1, done: make(chan written, 1)}
	delete(j.body, "Tags")
	c.jobs[name] = j
	requests, failure := c.requestsOf(in)
	container, _ := c.models[text(in, "ModelName")].body["PrimaryContainer"].(map[string]any)
	image, env := text(container, "Image"), map[string]string{"SAGEMAKER_BATCH": "true", "SAGEMAKER_BATCH_STRATEGY": text(in, "BatchStrategy")}
	variables, _ := container["Environment"].(map[string]any)
	for name := range variables {
		env[name] = text(variables, name)
	}
	c.stopping.Go(func() {
		if failure != "" {
			j.done <- written{failure: failure}
			return
		}
		j.done <- c.transformed(image, env, requests)
	})
	return map[string]any{"TransformJobArn": j.arn}, nil
}

// request is one of a job, and where its answer goes.
type request struct {
	body        []byte
	contentType string
	to          string
}

// requestsOf returns the requests of a job: its objects. It checks what SageMaker reports
// only when the job runs.
func (c *Cloud) requestsOf(in map[string]any) (out []request, failure string) {
	input, _ := in["TransformInput"].(map[string]any)
	output, _ := in["TransformOutput"].(map[string]any)
	source, _ := input["DataSource"].(map[string]any)
	s3, _ := source["S3DataSource"].(map[string]any)
	limit, _ := in["MaxPayloadInMB"].(float64)
	if limit > 100 {
		return nil, "MaxPayloadInMB must not be more than 100"
	}
	from := strings.TrimPrefix(text(s3, "S3Uri"), "s3://")
	to := strings.TrimSuffix(strings.TrimPrefix(text(output, "S3OutputPath"), "s3://"), "/")
	for _, path := range slices.Sorted(maps.Keys(c.objects)) {
		rest, ok := strings.CutPrefix(path, from)
		if !ok {
			continue
		}
		if float64(len(c.objects[path])) > limit*(1<<20) {
			return nil, "ClientError: Too much data for max payload size"
		}
		out = append(out, request{c.objects[path], text(input, "ContentType"), to + "/" + strings.TrimPrefix(rest, "/") + ".out"})
	}
	if len(out) == 0 {
		return nil, "ClientError: No S3 objects found under S3 URL " + text(s3, "S3Uri")
	}
	return out, ""
}

// transformed sends the requests to a server of the image.
func (c *Cloud) transformed(image string, env map[string]string, requests []request) written {
	out := written{objects: map[string][]byte{}}
	if c.Start == nil {
		for _, r := range requests {
			out.objects[r.to] = fmt.Appendf(nil, `{"predictions": [%q]}`, image)
		}
		return out
	}
	server, err := c.Start(Container{Image: image, Env: env})
	if err != nil {
		return written{failure: "AlgorithmError: See job logs for more information", log: strings.Split(strings.TrimRight(err.Error(), "\n"), "\n")}
	}
	for _, r := range requests {
		in := httptest.NewRequest(http.MethodPost, "/invocations", strings.NewReader(string(r.body)))
		in.Header.Set("Content-Type", r.contentType)
		got := httptest.NewRecorder()
		server.ServeHTTP(got, in)
		if got.Code != http.StatusOK {
			out.failure = "ClientError: See job logs for more information"
			out.log = append(out.log, fmt.Sprintf("Bad HTTP status returned from invoke: %d: %s", got.Code, got.Body))
			break
		}
		out.objects[r.to] = got.Body.Bytes()
	}
	out.log = append(out.log, server.Stop()...)
	return out
}

// passJob ends a job whose time has come and whose server has answered.
func (c *Cloud) passJob(j *job) {
	if j.until.IsZero() || j.until.After(c.now) || len(j.done) == 0 {
		return
	}
	w := <-j.done
	j.until = time.Time{}
	for _, line := range w.log {
		const group = "/aws/sagemaker/TransformJobs"
		c.logs[group] = append(c.logs[group], logLine{stream: j.name + "/i-0001-0123", text: line, at: c.now})
	}
	switch {
	case j.status == "Stopping":
		j.status = "Stopped"
	case w.failure != "":
		j.status, j.failure = "Failed", w.failure
	default:
		j.status = "Completed"
		maps.Copy(c.objects, w.objects)
	}
}

func (c *Cloud) lookJob(in map[string]any) (*job, error) {
	j := c.jobs[text(in, "TransformJobName")]
	if j == nil || j.seen > c.requests {
		return nil, invalid("Could not find requested job with name: %s", text(in, "TransformJobName"))
	}
	return j, nil
}

func (c *Cloud) describeJob(in map[string]any) (any, error) {
	j, err := c.lookJob(in)
	if err != nil {
		return nil, err
	}
	out := maps.Clone(j.body)
	out["TransformJobArn"], out["CreationTime"], out["TransformJobStatus"] = j.arn, timestamp(j.created), j.status
	if j.failure != "" {
		out["FailureReason"] = j.failure
	}
	return out, nil
}

func (c *Cloud) stopJob(in map[string]any) (any, error) {
	j, err := c.lookJob(in)
	if err != nil {
		return nil, err
	}
	if j.status != "InProgress" {
		return nil, invalid("The request was rejected because the transform job is in status %s.", j.status)
	}
	j.status, j.until = "Stopping", c.now.Add(stopTime)
	return nil, nil
}
