// Package awscloud is a double of the parts of AWS that the kind sagemaker uses, behind
// their own protocols: SageMaker with its runtime, ECR, S3, STS, IAM, Service Quotas,
// autoscaling and logs. Time passes by requests, so an endpoint that takes minutes to start
// is there in milliseconds. What a client must never do, such as deleting the configuration
// of an endpoint that uses it, SageMaker allows and the double reports.
package awscloud

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/deployfile/deployfile/publish/publishtest"
)

// Cloud is an account in a region.
type Cloud struct {
	// Region and Account are those of all that is made.
	Region, Account string
	// Step is how much time passes with each request. Changes of endpoints take minutes.
	Step time.Duration
	// Stale is how many requests do not see a model or a configuration that was made. With
	// StaleLists lists do not have it either.
	Stale      int
	StaleLists bool
	// StaleEndpoint is how many requests see an endpoint as it was before an update.
	StaleEndpoint int
	// Quota is how many instances of each type there may be; nil for any.
	Quota map[string]int
	// Caller is who sends requests.
	Caller string
	// Policies are those of users and roles, by their ARNs. Whoever has none may do all.
	Policies map[string]*Policy
	// Trust has trust policies of roles by name, "" for a role that is not there; others
	// are there, and trust SageMaker.
	Trust map[string]string
	// Alarms are those of CloudWatch that are raised.
	Alarms []string
	// Pull fails for an image that cannot be pulled: CreateModel asks for its manifest.
	Pull func(image string) error
	// Start starts the server of a variant, which answers until it is stopped; nil starts
	// none, and answers are the image's name. An error is why it does not become ready.
	Start func(Container) (Server, error)
	// Buckets has a directory for each bucket, of a server that stands for S3; "" lets the
	// cloud answer for S3 itself.
	Buckets string
	// Dir is where models are downloaded to.
	Dir string
	// Fault is what happens to a request, by its operation; nil for nothing.
	Fault func(operation string) publishtest.RequestFault
	// Shapes checks each request and answer, nil for no checks.
	Shapes func(operation string, input bool, body []byte) error

	server *httptest.Server

	mu        sync.Mutex
	now       time.Time
	requests  int
	models    map[string]*object
	configs   map[string]*object
	endpoints map[string]*endpoint
	logs      map[string][]logLine
	repos     map[string]bool
	objects   map[string][]byte
	jobs      map[string]*job
	scalings  map[string]*scaling
	alarms    map[string]map[string]any
	queue     []queued
	answered  int
	calls     []string
	mistakes  []string

	// stopping are the servers that start or stop.
	stopping sync.WaitGroup
}

// Container is what SageMaker starts.
type Container struct {
	Image string
	Env   map[string]string
	// Model is the directory that is mounted at /opt/ml/model, "" for none.
	Model string
}

// Server is what answers the requests of an endpoint's variant.
type Server interface {
	http.Handler
	// Stop ends it, and returns its log.
	Stop() []string
}

// object is a model or a configuration, as it was asked for.
type object struct {
	name, arn string
	body      map[string]any
	tags      []tag
	created   time.Time
	// seen is the number of the request from which on others see it.
	seen int
}

type tag struct{ Key, Value string }

type logLine struct {
	stream, text string
	at           time.Time
}

// New starts a cloud, which ends with the test. What the clients did wrong fails the test.
func New(t testing.TB) *Cloud {
	c := &Cloud{
		Region: "eu-central-1", Account: "123456789012", Step: 10 * time.Second, Caller: "arn:aws:iam::123456789012:user/tester",
		now:    time.Now().UTC(),
		models: map[string]*object{}, configs: map[string]*object{}, endpoints: map[string]*endpoint{},
		logs: map[string][]logLine{}, repos: map[string]bool{},
		objects: map[string][]byte{}, jobs: map[string]*job{}, scalings: map[string]*scaling{}, alarms: map[string]map[string]any{},
	}
	c.server = httptest.NewServer(http.HandlerFunc(c.serve))
	t.Cleanup(func() {
		c.server.Close()
		c.mu.Lock()
		for _, e := range c.endpoints {
			c.stop(e.variants)
		}
		c.mu.Unlock()
		c.stopping.Wait()
		c.mu.Lock()
		defer c.mu.Unlock()
		for _, m := range c.mistakes {
			t.Error(m)
		}
	})
	return c
}

// URL is the address of all services.
func (c *Cloud) URL() string { return c.server.URL }

// Environment returns the variables by which any client of AWS finds the cloud.
func (c *Cloud) Environment() map[string]string {
	return map[string]string{
		"AWS_ENDPOINT_URL": c.URL(), "AWS_REGION": c.Region, "AWS_DEFAULT_REGION": c.Region,
		"AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": "wJalrXUtnFEMI",
		"AWS_EC2_METADATA_DISABLED": "true",
	}
}

// Calls returns the operations that were asked for, in order.
func (c *Cloud) Calls() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.calls)
}

// There lists all that is there.
func (c *Cloud) There() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	var out []string
	for name := range c.models {
		out = append(out, "model "+name)
	}
	for name := range c.configs {
		out = append(out, "configuration "+name)
	}
	for path := range c.objects {
		out = append(out, "object "+path)
	}
	for resource := range c.scalings {
		out = append(out, "autoscaling "+resource)
	}
	for name := range c.alarms {
		out = append(out, "alarm "+name)
	}
	for _, j := range c.jobs {
		if j.status == "InProgress" || j.status == "Stopping" {
			out = append(out, "job "+j.name+" "+j.status)
		}
	}
	for _, e := range c.endpoints {
		out = append(out, fmt.Sprintf("endpoint %s %s %s", e.name, e.status, e.config))
	}
	slices.Sort(out)
	return out
}

// mistake notes what a client must not do.
func (c *Cloud) mistake(format string, args ...any) {
	c.mistakes = append(c.mistakes, "at the cloud: "+fmt.Sprintf(format, args...))
}

func (c *Cloud) arn(kind, name string) string {
	return fmt.Sprintf("arn:aws:sagemaker:%s:%s:%s/%s", c.Region, c.Account, kind, name)
}
