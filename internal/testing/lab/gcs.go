package lab

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"path/filepath"
	"strconv"
	"testing"
	"time"
)

// GCS is fake-gcs-server, which serves the API of Google Cloud Storage from its memory
// and lets everybody in.
type GCS struct {
	// URL is where its clients find it, as in STORAGE_EMULATOR_HOST.
	URL string

	client *http.Client
}

// StartGCS starts a server with a bucket, which keeps versions of its
// objects. The server ends with the test.
func StartGCS(t *testing.T, n Network, bucket string) *GCS {
	t.Helper()
	port, err := FreePort()
	if err != nil {
		t.Fatal(err)
	}
	g := &GCS{URL: "http://" + net.JoinHostPort(n.Address, strconv.Itoa(port)), client: &http.Client{Transport: n.Transport()}}
	p, err := StartCommand(filepath.Join(t.TempDir(), "log"), Answers(g.client, g.URL+"/_internal/healthcheck"), n.Command(context.Background(), "fake-gcs-server", "-scheme", "http", "-host", n.Address, "-port", strconv.Itoa(port), "-backend", "memory"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Stop)
	g.send(t, http.MethodPost, "/storage/v1/b", []byte(fmt.Sprintf(`{"name":%q,"versioning":{"enabled":true}}`, bucket)))
	return g
}

// Put writes an object.
func (g *GCS) Put(t *testing.T, bucket, name string, data []byte) {
	t.Helper()
	g.send(t, http.MethodPost, "/upload/storage/v1/b/"+bucket+"/o?uploadType=media&name="+url.QueryEscape(name), data)
}

// Delete deletes a generation of an object.
func (g *GCS) Delete(t *testing.T, bucket, name, generation string) {
	t.Helper()
	g.send(t, http.MethodDelete, "/storage/v1/b/"+bucket+"/o/"+url.PathEscape(name)+"?generation="+generation, nil)
}

func (g *GCS) send(t *testing.T, method, path string, body []byte) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, method, g.URL+path, bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	answer, err := g.client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	_ = answer.Body.Close()
	if answer.StatusCode >= 300 {
		t.Fatalf("%s %s: %s", method, path, answer.Status)
	}
}
