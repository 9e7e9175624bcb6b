//go:build integration

package engine

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/deployfile/deployfile/deployfile"
	"github.com/deployfile/deployfile/internal/testing/lab"
	"github.com/deployfile/deployfile/manifests"
	"github.com/deployfile/deployfile/publish"
)

// endpoint is an endpoint that a test deploys to.
type endpoint struct {
	publish.Publisher
	place  place
	opened []publish.Publisher
	// user is what the server runs as, "" for the image's own.
	user   string
	target deployfile.Target
}

// port is where the endpoints of all tests are.
const port = 8080

// endpointName is what they are called.
const endpointName = "tiny-prod"

// url is where the target's endpoint is.
func (e *endpoint) url() string { return fmt.Sprintf("http://127.0.0.1:%d", e.target.Port) }

// reopen goes on with a target that is written in another way.
func (e *endpoint) reopen(t *testing.T, change func(*deployfile.Target)) {
	t.Helper()
	change(&e.target)
	e.target.Complete()
	p, err := e.place.open(e.target)
	if err != nil {
		t.Fatal(err)
	}
	e.opened = append(e.opened, p)
	e.Publisher = p
}

// release is an image for the target.
func (e *endpoint) release(image string) manifests.Release {
	return manifests.Release{
		Model: "tiny", Version: "1", Target: e.target, Image: image, Port: port, User: e.user,
		LockDigest: "sha256:1", FileDigest: "sha256:2",
	}
}

func options(t *testing.T) publish.Options {
	return publish.Options{
		ApplyOptions: publish.ApplyOptions{Timeout: 15 * time.Second, Progress: func(line string) { t.Log(line) }},
		By:           "tester@here", At: time.Now(),
	}
}

// try deploys, and returns what that returns.
func (e *endpoint) try(ctx context.Context, o publish.Options, image string) (*publish.Outcome, error) {
	return publish.Deploy(ctx, e.Publisher, e.release(image), o)
}

// deploy deploys what must serve then.
func (e *endpoint) deploy(t *testing.T, image, version string) *publish.Outcome {
	t.Helper()
	out, err := e.try(t.Context(), options(t), image)
	if err != nil {
		t.Fatal(err)
	}
	e.wantVersion(t, version)
	return out
}

// image is that of the newest revision.
func (e *endpoint) image(t *testing.T) string {
	t.Helper()
	revisions, err := e.Revisions(t.Context())
	if err != nil || len(revisions) == 0 {
		t.Fatal(revisions, err)
	}
	return revisions[0].State.Live.Image
}

func (e *endpoint) wantVersion(t *testing.T, version string) {
	t.Helper()
	if got := get(t, e.url()+"/version"); got != version {
		t.Errorf("version %q serves, want %q", got, version)
	}
}

// wantRevisions compares the numbers of the revisions, newest first.
func (e *endpoint) wantRevisions(t *testing.T, want string) {
	t.Helper()
	revisions, err := e.Revisions(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, r := range revisions {
		got = append(got, fmt.Sprint(r.Number))
		if r.By == "" || r.At.IsZero() || r.State.Live.Image == "" || len(r.Documents) != 1 {
			t.Errorf("revision %d lacks something: %+v", r.Number, r)
		}
	}
	if strings.Join(got, " ") != want {
		t.Errorf("revisions %q, want %q", got, want)
	}
}

func get(t *testing.T, url string) string {
	t.Helper()
	answer, err := ask(url)
	if err != nil {
		t.Fatal(err)
	}
	return answer
}

// ask asks on a connection of its own.
func ask(url string) (string, error) {
	client := &http.Client{Timeout: 5 * time.Second, Transport: &http.Transport{DisableKeepAlives: true}}
	answer, err := client.Get(url)
	if err != nil {
		return "", err
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err == nil && answer.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s: %s", answer.Status, body)
	}
	return string(body), err
}

// load is a request every 20 ms.
type load struct{ *lab.Load }

func startLoad(url string) *load {
	return &load{lab.StartLoad(context.Background(), func() error {
		_, err := ask(url)
		return err
	})}
}

// wantNone fails if a request failed.
func (l *load) wantNone(t *testing.T) {
	t.Helper()
	l.WantNone(t)
}
