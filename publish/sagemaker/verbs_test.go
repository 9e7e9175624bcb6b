package sagemaker

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	api "github.com/aws/aws-sdk-go-v2/service/sagemaker"
	"github.com/aws/aws-sdk-go-v2/service/sagemaker/types"

	"github.com/deployfile/deployfile/deployfile"
	"github.com/deployfile/deployfile/internal/testing/awscloud"
	"github.com/deployfile/deployfile/manifests"
	spec "github.com/deployfile/deployfile/manifests/sagemaker"
	"github.com/deployfile/deployfile/publish"
)

// verbs is an endpoint in a cloud of its own.
type verbs struct {
	*testing.T
	cloud  *awscloud.Cloud
	target deployfile.Target
	// late lets every deadline have passed: a lock that could not be released ends by
	// itself.
	late bool
}

func begin(t *testing.T, change func(*spec.Spec)) *verbs {
	c := awscloud.New(t)
	c.Stale, c.Shapes = 2, shapes(t)
	return &verbs{T: t, cloud: c, target: targetOf(change)}
}

func (v *verbs) open() *Publisher {
	p := connect(v.T, v.cloud, v.target)
	if s, d := p.Parts(); v.late {
		p.Engine = publish.NewEngine(v.target.Endpoint, lateStore{s}, d)
	}
	return p
}

// lateStore is a publish.Store with a clock that is late.
type lateStore struct{ publish.Store }

// Now implements publish.Clock.
func (lateStore) Now(context.Context) (time.Time, error) { return time.Now().Add(30 * time.Hour), nil }

func (v *verbs) release(version string) manifests.Release {
	return manifests.Release{Model: "iris", Version: version, Target: v.target, Image: imageOf(version), Port: 8080}
}

func (v *verbs) options() publish.Options {
	return publish.Options{By: "tester@here", At: time.Now(), ApplyOptions: publish.ApplyOptions{Timeout: 10 * time.Second, Progress: func(string) {}}}
}

func (v *verbs) deploy(version string) (*publish.Outcome, error) {
	return publish.Deploy(v.Context(), v.open(), v.release(version), v.options())
}

func (v *verbs) must(version string) {
	v.Helper()
	if _, err := v.deploy(version); err != nil {
		v.Fatal(err)
	}
	v.serves(version)
}

func (v *verbs) serves(version string) {
	v.Helper()
	v.cloud.Wait(10 * time.Minute)
	if got := versionOf(v.cloud.Serving("iris")); got != version {
		v.Errorf("version %q answers, want %q", got, version)
	}
}

// The life of an endpoint: nothing differs after a deploy, nothing is left after a delete.
func TestLife(t *testing.T) {
	v := begin(t, func(s *spec.Spec) { s.ResourceTags = map[string]string{"team": "flowers"} })
	for n := 1; n <= 3; n++ {
		v.must(fmt.Sprint(n))
		out, err := v.deploy(fmt.Sprint(n))
		if err != nil || out.Action != publish.Unchanged || len(out.Changes) > 0 {
			t.Errorf("again: %s, %+v, %v", out.Action, out.Changes, err)
		}
	}
	if _, err := publish.Rollback(t.Context(), v.open(), 0, v.options()); err != nil {
		t.Fatal(err)
	}
	v.serves("2")
	status, err := v.open().Status(t.Context())
	if err != nil || !status.Ready || status.Revision.Number != 4 || len(status.Instances) != 1 || status.Instances[0].Image != imageOf("2") {
		t.Errorf("%+v, %v", status, err)
	}
	if left, err := v.open().Removals(t.Context()); err != nil || len(left) != 9 {
		t.Errorf("to remove: %v, %v", left, err)
	}
	for range 2 {
		if err := v.open().Delete(t.Context()); err != nil {
			t.Error(err)
		}
	}
	if left := v.cloud.There(); len(left) > 0 {
		t.Errorf("left: %v", left)
	}
}

// Ten revisions stay, whose names are more than a page of a list.
func TestManyRevisions(t *testing.T) {
	v := begin(t, nil)
	for n := range 14 {
		v.must(fmt.Sprint(n%2 + 1))
	}
	revisions, err := v.open().Revisions(t.Context())
	if err != nil || len(revisions) != publish.KeepRevisions || revisions[0].Number != 14 {
		t.Errorf("%d revisions, %v", len(revisions), err)
	}
	if n := len(v.cloud.There()); n != 2*publish.KeepRevisions+1 {
		t.Errorf("%d objects: %v", n, v.cloud.There())
	}
}

// A list may lack a new model for a while.
func TestStaleLists(t *testing.T) {
	v := begin(t, nil)
	v.cloud.Stale, v.cloud.StaleLists = 4, true
	for _, version := range []string{"1", "2", "3"} {
		v.must(version)
	}
}

// An endpoint goes back into service after a failed update, with what it had: that is a
// failure, and shows the log of the new instances.
func TestUpdateFails(t *testing.T) {
	v := begin(t, nil)
	v.must("1")
	v.cloud.Start = func(image string, _ map[string]string) (awscloud.Server, error) {
		if image == imageOf("2") {
			return nil, errors.New("ModuleNotFoundError: no module named 'iris'")
		}
		return answers(image), nil
	}
	before := v.cloud.There()
	_, err := v.deploy("2")
	var unready *publish.NotReadyError
	if !errors.As(err, &unready) || !strings.Contains(unready.Reason, "ping health check") || !slices.Contains(unready.Log, "ModuleNotFoundError: no module named 'iris'") || unready.Restored != 1 {
		t.Errorf("%v", err)
	}
	v.serves("1")
	if after := v.cloud.There(); !slices.Equal(before, after) {
		t.Errorf("before %v, after %v", before, after)
	}
	v.must("3")
}

// The first deployment of what does not start leaves nothing.
func TestCreateFails(t *testing.T) {
	v := begin(t, nil)
	v.cloud.Start = func(string, map[string]string) (awscloud.Server, error) { return nil, errors.New("out of memory") }
	_, err := v.deploy("1")
	var unready *publish.NotReadyError
	if !errors.As(err, &unready) || unready.Restored != 0 || !strings.Contains(err.Error(), "what had been started of it is removed") {
		t.Errorf("%v", err)
	}
	if left := v.cloud.There(); len(left) > 0 {
		t.Errorf("left: %v", left)
	}
	v.cloud.Start = nil
	v.must("2")
}

// With --no-wait a failure is seen later, by status.
func TestNoWait(t *testing.T) {
	v := begin(t, nil)
	v.must("1")
	v.cloud.Start = func(string, map[string]string) (awscloud.Server, error) { return nil, errors.New("out of memory") }
	o := v.options()
	o.NoWait = true
	if _, err := publish.Deploy(t.Context(), v.open(), v.release("2"), o); err != nil {
		t.Fatal(err)
	}
	v.serves("1")
	status, err := v.open().Status(t.Context())
	if err != nil || status.Ready || !strings.Contains(status.Message, "it serves iris-r1 and not iris-r2") || !strings.Contains(status.Message, "ping health check") {
		t.Errorf("%+v, %v", status, err)
	}
	v.cloud.Start = nil
	v.must("2")
}

// What cannot be, before anything has changed: one message that says what to do.
func TestRefused(t *testing.T) {
	for name, x := range map[string]struct {
		change func(*awscloud.Cloud)
		says   string
	}{
		"an image that is not there": {func(c *awscloud.Cloud) {
			c.Pull = func(image string) error { return fmt.Errorf("Requested image %s not found.", image) }
		}, "not found"},
		"an OCI index": {func(c *awscloud.Cloud) {
			c.Pull = func(string) error {
				return errors.New("Unsupported manifest media type application/vnd.oci.image.index.v1+json for image")
			}
		}, `push the image with format = "docker-manifest"`},
		"a role that is not there": {func(c *awscloud.Cloud) {
			c.Pull = func(string) error {
				return errors.New("Could not assume role arn:aws:iam::123456789012:role/Iris. Please ensure that the role exists and allows principal 'sagemaker.amazonaws.com' to assume the role.")
			}
		}, "the trust policy of execution-role must name sagemaker.amazonaws.com"},
		"no quota":                    {func(c *awscloud.Cloud) { c.Quota = map[string]int{"ml.m5.large": 0} }, "ask for more in Service Quotas"},
		"no quota for a second fleet": {func(c *awscloud.Cloud) { c.Quota = map[string]int{"ml.m5.large": 1} }, "an update runs the old and the new instances side by side"},
	} {
		t.Run(name, func(t *testing.T) {
			v := begin(t, nil)
			if name == "no quota for a second fleet" {
				v.must("1")
			}
			before := v.cloud.There()
			x.change(v.cloud)
			_, err := v.deploy("2")
			if err == nil || !strings.Contains(err.Error(), x.says) {
				t.Errorf("%v, want %s", err, x.says)
			}
			if after := v.cloud.There(); !slices.Equal(before, after) {
				t.Errorf("before %v, after %v", before, after)
			}
		})
	}
}

// What somebody has changed by hand is named, and overwritten only if that is asked for.
func TestChangedByHand(t *testing.T) {
	v := begin(t, func(s *spec.Spec) { s.ResourceTags = map[string]string{"team": "flowers"} })
	v.must("1")
	p := v.open()
	ctx := t.Context()
	e, err := p.look(ctx)
	if err != nil {
		t.Fatal(err)
	}
	changes := func(want string) {
		t.Helper()
		v.cloud.Wait(10 * time.Minute)
		documents, err := manifests.Render(manifests.Deployed(nil, v.release("1")))
		if err != nil {
			t.Fatal(err)
		}
		got, err := v.open().Diff(ctx, documents)
		if err != nil || !strings.Contains(fmt.Sprint(got), want) {
			t.Errorf("%+v, %v: want %s", got, err, want)
		}
	}
	if _, err := p.api.AddTags(ctx, &api.AddTagsInput{ResourceArn: e.EndpointArn, Tags: []types.Tag{tagOf("team", "trees"), tagOf("other", "x")}}); err != nil {
		t.Fatal(err)
	}
	changes("-  Value: trees\n+  Value: flowers")
	if _, err := p.api.UpdateEndpointWeightsAndCapacities(ctx, &api.UpdateEndpointWeightsAndCapacitiesInput{
		EndpointName: aws.String("iris"), DesiredWeightsAndCapacities: []types.DesiredWeightAndCapacity{{VariantName: aws.String("live"), DesiredInstanceCount: aws.Int32(3)}},
	}); err != nil {
		t.Fatal(err)
	}
	changes("-  InitialInstanceCount: 3\n+  InitialInstanceCount: 1")
	v.must("1")
	changes("[]")

	// Another configuration, by the console.
	config, err := p.api.DescribeEndpointConfig(ctx, &api.DescribeEndpointConfigInput{EndpointConfigName: aws.String("iris-r2")})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.api.CreateEndpointConfig(ctx, &api.CreateEndpointConfigInput{EndpointConfigName: aws.String("by-hand"), ProductionVariants: config.ProductionVariants}); err != nil {
		t.Fatal(err)
	}
	v.cloud.Wait(time.Minute)
	if err := (&driver{p.connection}).update(ctx, "by-hand", nil); err != nil {
		t.Fatal(err)
	}
	changes("by-hand, which is no revision's")
	var conflict *publish.ConflictError
	if _, err := v.deploy("2"); !errors.As(err, &conflict) {
		t.Errorf("%v", err)
	}
	o := v.options()
	o.ForceConflicts = true
	if _, err := publish.Deploy(ctx, v.open(), v.release("2"), o); err != nil {
		t.Error(err)
	}
	v.serves("2")
}

// An endpoint that somebody else has made stays as it is, also after a failure.
func TestForeign(t *testing.T) {
	v := begin(t, nil)
	v.must("1")
	p := v.open()
	ctx := t.Context()
	if _, err := p.api.CreateEndpointConfig(ctx, &api.CreateEndpointConfigInput{EndpointConfigName: aws.String("foreign"), ProductionVariants: []types.ProductionVariant{{VariantName: aws.String("v"), ModelName: aws.String("iris-r1"), InitialVariantWeight: aws.Float32(1)}}}); err != nil {
		t.Fatal(err)
	}
	v.cloud.Wait(time.Minute)
	if _, err := p.api.CreateEndpoint(ctx, &api.CreateEndpointInput{EndpointName: aws.String("Other"), EndpointConfigName: aws.String("foreign")}); err != nil {
		t.Fatal(err)
	}
	v.cloud.Wait(10 * time.Minute)
	v.target.Endpoint = "other"
	var conflict *publish.ConflictError
	if _, err := v.deploy("2"); !errors.As(err, &conflict) {
		t.Errorf("%v", err)
	}
	if err := v.open().Delete(ctx); err != nil {
		t.Error(err)
	}
	o := v.options()
	o.ForceConflicts = true
	v.cloud.Start = func(string, map[string]string) (awscloud.Server, error) { return nil, errors.New("broken") }
	if _, err := publish.Deploy(ctx, v.open(), v.release("2"), o); err == nil {
		t.Error("it is deployed")
	}
	if there := v.cloud.There(); !slices.Contains(there, "endpoint Other InService foreign") {
		t.Errorf("%v", there)
	}
}

// answers is a server that answers with its image, and the headers that it gets.
type answers string

func (a answers) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	if string(body) == "bad" {
		w.WriteHeader(http.StatusBadRequest)
		io.WriteString(w, `{"message": "the body is bad"}`)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	fmt.Fprintf(w, `{"predictions": %q, "authorization": %q}`, versionOf(string(a)), r.Header.Get("Authorization"))
}

func (answers) Stop() []string { return nil }

// The proxy of open signs requests, and brings back what the server itself says.
func TestOpen(t *testing.T) {
	v := begin(t, func(s *spec.Spec) { s.Strategy, s.Weight = manifests.StrategyCanary, 10 })
	v.cloud.Start = func(image string, _ map[string]string) (awscloud.Server, error) { return answers(image), nil }
	var nothing *publish.NothingError
	if _, err := v.open().Open(t.Context()); !errors.As(err, &nothing) {
		t.Errorf("%v", err)
	}
	v.must("1")
	if _, err := v.deploy("2"); err != nil {
		t.Fatal(err)
	}
	e, err := v.open().Open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	post := func(body, variant string) (int, string) {
		t.Helper()
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, e.URL+"/invocations", strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("Authorization", "secret")
		r.Header.Set(headerVariant, variant)
		res, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		answer, err := io.ReadAll(res.Body)
		if err != nil {
			t.Fatal(err)
		}
		return res.StatusCode, string(answer)
	}
	counted := map[string]int{}
	for range 100 {
		_, answer := post("{}", "")
		counted[answer]++
	}
	if counted[`{"predictions": "1", "authorization": ""}`] != 90 || counted[`{"predictions": "2", "authorization": ""}`] != 10 {
		t.Errorf("the answers are %v", counted)
	}
	if status, answer := post("{}", "next"); status != 200 || !strings.Contains(answer, `"2"`) {
		t.Errorf("next: %d %s", status, answer)
	}
	if status, answer := post("bad", ""); status != 400 || !strings.Contains(answer, "the body is bad") {
		t.Errorf("bad: %d %s", status, answer)
	}
	if status, _ := post(strings.Repeat(" ", MaxRequest+1), ""); status != http.StatusRequestEntityTooLarge {
		t.Errorf("too large: %d", status)
	}
	if err := e.Close(); err != nil {
		t.Error(err)
	}
}

// Logs has lines of all instances, and goes on.
func TestLogs(t *testing.T) {
	v := begin(t, nil)
	v.must("1")
	var out bytes.Buffer
	if err := v.open().Logs(t.Context(), &out, publish.LogOptions{}); err != nil || out.Len() > 0 {
		t.Errorf("%q, %v", out.String(), err)
	}
	for n := range 5 {
		v.cloud.Log("iris", "live", fmt.Sprint("line ", n))
	}
	if err := v.open().Logs(t.Context(), &out, publish.LogOptions{Tail: 2}); err != nil || out.String() != "[live/i-0001] line 3\n[live/i-0001] line 4\n" {
		t.Errorf("%q, %v", out.String(), err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	r, w := io.Pipe()
	ended := make(chan error, 1)
	go func() {
		ended <- v.open().Logs(ctx, w, publish.LogOptions{Follow: true, Tail: 1})
		w.Close()
	}()
	line := make([]byte, 100)
	for _, want := range []string{"[live/i-0001] line 4\n", "[next/i-0001] later\n"} {
		n, err := r.Read(line)
		if err != nil || string(line[:n]) != want {
			t.Errorf("%q, %v", line[:n], err)
		}
		if want == "[live/i-0001] line 4\n" {
			// The lines of before come again, and are not repeated.
			v.cloud.Log("iris", "next", "later")
			continue
		}
		cancel()
	}
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

// A repository is made only on request.
func TestReceive(t *testing.T) {
	v := begin(t, nil)
	if err := v.open().Receive(t.Context()); err == nil || !strings.Contains(err.Error(), "write create-repository = true, or run: aws ecr create-repository --region eu-central-1 --repository-name iris") {
		t.Errorf("%v", err)
	}
	v.target = targetOf(func(s *spec.Spec) { s.CreateRepository = true })
	for range 2 {
		if err := v.open().Receive(t.Context()); err != nil {
			t.Error(err)
		}
	}
	if made := slices.Index(v.cloud.Calls(), "ecr:CreateRepository"); made < 0 {
		t.Errorf("%v", v.cloud.Calls())
	}
}

// SageMaker's own rollout goes back if an alarm is raised. It is not used when variants
// change, which SageMaker refuses.
func TestGuarded(t *testing.T) {
	guarded := func(s *spec.Spec) {
		s.Guarded = &spec.Guarded{Type: "canary", Size: 10, Wait: "5m", Alarms: []string{"iris errors"}}
	}
	v := begin(t, guarded)
	v.must("1")
	v.must("2")
	if out, err := v.deploy("2"); err != nil || out.Action != publish.Unchanged {
		t.Errorf("%+v, %v", out, err)
	}
	v.cloud.Alarms = []string{"another", "iris errors"}
	var unready *publish.NotReadyError
	if _, err := v.deploy("3"); !errors.As(err, &unready) || !strings.Contains(unready.Reason, "ALARM state: iris errors") {
		t.Errorf("%v", err)
	}
	v.serves("2")
	v.cloud.Alarms = nil
	v.must("3")
	v.target = targetOf(canary)
	if _, err := v.deploy("4"); err != nil {
		t.Fatal(err)
	}
	v.target = targetOf(guarded)
	v.must("5")
}
