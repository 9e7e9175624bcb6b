package sagemaker

import (
	"context"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/deployfile/deployfile/internal/testing/awscloud"
	"github.com/deployfile/deployfile/manifests"
	spec "github.com/deployfile/deployfile/manifests/sagemaker"
	"github.com/deployfile/deployfile/publish/publishtest"
)

func asynchronous(s *spec.Spec) {
	s.KMSKey = "alias/iris"
	s.Async = &spec.Async{Output: "s3://answers/iris/", MaxConcurrency: 4, ErrorTopic: "arn:aws:sns:eu-central-1:123456789012:errors"}
}

// An asynchronous endpoint answers through open as any other does, and leaves no object.
func TestAsync(t *testing.T) {
	for name, storage := range map[string]string{"storage": "s3://staging/tmp", "output": ""} {
		t.Run(name, func(t *testing.T) {
			v := begin(t, func(s *spec.Spec) { asynchronous(s); s.Storage = storage })
			v.cloud.Start = func(o awscloud.Container) (awscloud.Server, error) { return answers(o.Image), nil }
			throttled := false
			v.cloud.Fault = func(operation string) publishtest.RequestFault {
				if operation == "InvokeEndpointAsync" && !throttled {
					throttled = true
					return publishtest.Throttled
				}
				return publishtest.NoFault
			}
			v.Must("1")
			documents, err := manifests.Render(manifests.Deployed(nil, v.Release("1")))
			if err != nil {
				t.Fatal(err)
			}
			if changes, err := v.open().Diff(t.Context(), documents); err != nil || len(changes) > 0 {
				t.Errorf("%v, %v", changes, err)
			}
			e, err := v.open().Open(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			defer e.Close()
			for body, want := range map[string]string{
				"{}":                              `200 {"predictions": "1", "authorization": ""}`,
				strings.Repeat(" ", MaxRequest+1): `200 {"predictions": "1", "authorization": ""}`,
				"bad":                             `502 Received client error (400) from live`,
			} {
				answer, err := http.Post(e.URL+"/invocations", "application/json", strings.NewReader(body))
				if err != nil {
					t.Fatal(err)
				}
				text, err := io.ReadAll(answer.Body)
				_ = answer.Body.Close()
				if got := answer.Status[:4] + string(text); err != nil || !strings.HasPrefix(got, want) {
					t.Errorf("%q, %v, want %s", got, err, want)
				}
				if left := v.leftovers(); len(left) > 0 {
					t.Errorf("it leaves %v", left)
				}
			}
			if !throttled || slices.Contains(v.cloud.Calls(), "InvokeEndpoint") {
				t.Errorf("%v", v.cloud.Calls())
			}
		})
	}
}

// A client that goes leaves no request, once the proxy is closed.
func TestAsyncGone(t *testing.T) {
	v := begin(t, asynchronous)
	v.Must("1")
	v.cloud.Step = 0 // nothing is ever answered
	e, err := v.open().Open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	v.cloud.Fault = func(operation string) publishtest.RequestFault {
		if operation == "s3:GET" {
			cancel()
		}
		return publishtest.NoFault
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, e.URL+"/invocations", strings.NewReader("{}"))
	if err != nil {
		t.Fatal(err)
	}
	if answer, err := http.DefaultClient.Do(r); err == nil {
		_ = answer.Body.Close()
		t.Errorf("it answers %s", answer.Status)
	}
	if err := e.Close(); err != nil {
		t.Error(err)
	}
	if left := v.leftovers(); len(left) > 0 {
		t.Errorf("it leaves %v", left)
	}
}

// What S3 refuses is told.
func TestAsyncRefused(t *testing.T) {
	v := begin(t, func(s *spec.Spec) { asynchronous(s); s.Storage = "s3://missing/tmp" })
	v.Must("1")
	e, err := v.open().Open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	answer, err := http.Post(e.URL+"/invocations", "application/json", strings.NewReader("{}"))
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil || answer.StatusCode != http.StatusBadGateway || !strings.Contains(string(text), "NoSuchBucket") {
		t.Errorf("%d %s, %v", answer.StatusCode, text, err)
	}
}

// SageMaker keeps an endpoint asynchronous. What was served is still served.
func TestAsyncStays(t *testing.T) {
	v := begin(t, asynchronous)
	v.Must("1")
	v.Target = targetOf(nil)
	if _, err := v.Deploy("2"); err == nil || !strings.Contains(err.Error(), "an endpoint stays asynchronous: give the target another endpoint") {
		t.Errorf("%v", err)
	}
	if got := v.cloud.Serving("iris"); !strings.HasSuffix(got, "0001") {
		t.Errorf("%s is served", got)
	}
}
