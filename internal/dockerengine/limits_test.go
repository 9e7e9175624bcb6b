package dockerengine

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/deployfile/deployfile/internal/untrusted"
	"github.com/moby/moby/client"
)

// TestLimits decodes no answer without end, and passes on what a container prints.
func TestLimits(t *testing.T) {
	for name, tt := range map[string]struct {
		body string
		call func(*client.Client) error
	}{
		"a document": {"[" + strings.Repeat(" ", maxAnswer), func(c *client.Client) error {
			_, err := c.ContainerList(t.Context(), client.ContainerListOptions{})
			return err
		}},
		"values": {"[" + strings.Repeat("{},", maxValues+1), func(c *client.Client) error {
			_, err := c.ContainerList(t.Context(), client.ContainerListOptions{})
			return err
		}},
		"a message of a pull": {`{"status":"` + strings.Repeat("x", 2*maxMessage), func(c *client.Client) error {
			r, err := c.ImagePull(t.Context(), "iris", client.ImagePullOptions{})
			if err == nil {
				err = r.Wait(t.Context())
			}
			return err
		}},
		"a message of a load": {`{"stream":"` + strings.Repeat("x", 2*maxMessage), func(c *client.Client) error {
			_, err := Load(t.Context(), c, strings.NewReader("archive"))
			return err
		}},
		"the end of a container": {`{"Error":{"Message":"` + strings.Repeat("x", 2*maxMessage), func(c *client.Client) error {
			return <-c.ContainerWait(t.Context(), "x", client.ContainerWaitOptions{}).Error
		}},
	} {
		t.Run(name, func(t *testing.T) {
			c := engineWith(t, tt.body)
			var large *untrusted.AnswerError
			if err := tt.call(c); !errors.As(err, &large) {
				t.Errorf("%.200v", err)
			}
		})
	}
	logs := strings.Repeat("x", 20<<20)
	r, err := engineWith(t, logs).ContainerLogs(t.Context(), "x", client.ContainerLogsOptions{ShowStdout: true})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if got, err := io.Copy(io.Discard, r); err != nil || got != int64(len(logs)) {
		t.Errorf("%d bytes of a log, %v", got, err)
	}
}

// engineWith is a client of an engine that has one answer for everything.
func engineWith(t *testing.T, body string) *client.Client {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Api-Version", "1.52")
		w.Header().Set("Ostype", "linux")
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.Copy(io.Discard, r.Body)
		if !strings.HasSuffix(r.URL.Path, "/_ping") {
			_, _ = io.Copy(w, bytes.NewReader([]byte(body)))
		}
	}))
	t.Cleanup(s.Close)
	t.Setenv("DOCKER_CONFIG", t.TempDir())
	t.Setenv("DOCKER_HOST", strings.Replace(s.URL, "http://", "tcp://", 1))
	c, _, err := New()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}

// TestLimitsWithTLS calls an engine with the certificates of DOCKER_CERT_PATH.
func TestLimitsWithTLS(t *testing.T) {
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Api-Version", "1.52")
		w.Header().Set("Content-Type", "application/json")
		if len(r.TLS.PeerCertificates) == 1 && strings.HasSuffix(r.URL.Path, "/info") {
			_, _ = io.WriteString(w, `{"Name":"gpu"}`)
		}
	}))
	s.TLS = &tls.Config{ClientAuth: tls.RequireAnyClientCert}
	s.StartTLS()
	defer s.Close()
	certificate := s.TLS.Certificates[0]
	key, err := x509.MarshalPKCS8PrivateKey(certificate.PrivateKey)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for name, block := range map[string]*pem.Block{
		"ca.pem": {Type: "CERTIFICATE", Bytes: certificate.Certificate[0]}, "cert.pem": {Type: "CERTIFICATE", Bytes: certificate.Certificate[0]}, "key.pem": {Type: "PRIVATE KEY", Bytes: key},
	} {
		if err := os.WriteFile(filepath.Join(dir, name), pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	t.Setenv("DOCKER_CONFIG", t.TempDir())
	t.Setenv("DOCKER_CERT_PATH", dir)
	t.Setenv("DOCKER_TLS_VERIFY", "1")
	t.Setenv("DOCKER_HOST", strings.Replace(s.URL, "https://", "tcp://", 1))
	c, _, err := New()
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if got, err := c.Info(t.Context(), client.InfoOptions{}); err != nil || got.Info.Name != "gpu" {
		t.Errorf("%+v, %v", got.Info.Name, err)
	}
}
