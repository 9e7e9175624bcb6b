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

	"github.com/deployfile/deployfile/internal/testing/awscloud"
	"github.com/deployfile/deployfile/internal/testing/clouds"
	"github.com/deployfile/deployfile/manifests"
	spec "github.com/deployfile/deployfile/manifests/sagemaker"
	"github.com/deployfile/deployfile/publish"
)

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
	fmt.Fprintf(w, `{"predictions": %q, "authorization": %q}`, clouds.Version(string(a)), r.Header.Get("Authorization"))
}

func (answers) Stop() []string { return nil }

// The proxy of open signs requests, and brings back what the server itself says.
func TestOpen(t *testing.T) {
	v := begin(t, func(s *spec.Spec) { s.Strategy, s.Weight = manifests.StrategyCanary, 10 })
	v.cloud.Start = func(o awscloud.Container) (awscloud.Server, error) { return answers(o.Image), nil }
	var nothing *publish.NothingError
	if _, err := v.open().Open(t.Context()); !errors.As(err, &nothing) {
		t.Errorf("%v", err)
	}
	v.Must("1")
	if _, err := v.Deploy("2"); err != nil {
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
	v.Must("1")
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
	v.Target = targetOf(func(s *spec.Spec) { s.CreateRepository = true })
	for range 2 {
		if err := v.open().Receive(t.Context()); err != nil {
			t.Error(err)
		}
	}
	if made := slices.Index(v.cloud.Calls(), "ecr:CreateRepository"); made < 0 {
		t.Errorf("%v", v.cloud.Calls())
	}
}
