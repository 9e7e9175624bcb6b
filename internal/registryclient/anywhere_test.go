package registryclient

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/deployfile/deployfile/internal/guarded"
)

// TestServiceOfThisMachine asks no service of this machine for a token, or for anything
// else, that a registry elsewhere names.
func TestServiceOfThisMachine(t *testing.T) {
	service := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(`{"token": "own"}`)) }))
	defer service.Close()
	get := func(client *http.Client, url string) error {
		r, err := client.Get(url)
		if err == nil {
			err = r.Body.Close()
		}
		return err
	}
	named := strings.Replace(service.URL, "127.0.0.1", "localhost", 1)
	elsewhere := &http.Client{Transport: anywhere()}
	if err := get(elsewhere, "http://registry.invalid/v2/"); err == nil {
		t.Fatal("there is such a registry")
	}
	for _, url := range []string{service.URL + "/token?scope=x", named + "/token?scope=x", named + "/v2/?scope=x", named + "/v2/x/blobs/y"} {
		if err := get(elsewhere, url); !errors.Is(err, guarded.ErrNotFollowed) {
			t.Errorf("%s: %v", url, err)
		}
	}
	for _, registry := range []string{service.URL, named} {
		here := &http.Client{Transport: anywhere()}
		for _, path := range []string{"/v2/", "/token?scope=x"} {
			if err := get(here, registry+path); err != nil {
				t.Errorf("%s%s: %v", registry, path, err)
			}
		}
	}
	// A registry elsewhere that redirects its first answer is none of this machine.
	led := &http.Client{Transport: &asked{RoundTripper: redirecting(named), hosts: map[string]bool{}}}
	if err := get(led, "http://registry.invalid/v2/"); err == nil || led.Transport.(*asked).mayBeHere("localhost") {
		t.Errorf("a redirect names a registry: %v", err)
	}
}

// redirecting is a registry that leads to another address.
type redirecting string

func (to redirecting) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Response != nil {
		return nil, errors.New("it is followed")
	}
	return &http.Response{StatusCode: http.StatusFound, Header: http.Header{"Location": {string(to) + "/v2/"}}, Body: http.NoBody, Request: r}, nil
}
