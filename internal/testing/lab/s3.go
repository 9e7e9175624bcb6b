package lab

import (
	"context"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"
)

// S3 is versitygw, an S3 server whose buckets are directories and whose objects are
// files of them.
type S3 struct {
	// URL is where its clients find it, as in AWS_ENDPOINT_URL_S3.
	URL string
	// Dir has a directory for each bucket.
	Dir string
	// Region is the one that it signs for.
	Region string
	// AccessKey and SecretKey are the credentials that it demands.
	AccessKey, SecretKey string

	client *http.Client
}

// StartS3 starts a server with these buckets, which ends with the test.
func StartS3(t *testing.T, n Network, buckets ...string) *S3 {
	t.Helper()
	return StartS3As(t, n, S3{Region: "us-east-1", AccessKey: "TESTACCESSKEY", SecretKey: "s3cr3t-of-the-store"}, buckets...)
}

// StartS3As is StartS3 in a region and with credentials.
func StartS3As(t *testing.T, n Network, as S3, buckets ...string) *S3 {
	t.Helper()
	port, err := FreePort()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	address := net.JoinHostPort(n.Address, strconv.Itoa(port))
	s := &S3{
		URL: "http://" + address, Dir: filepath.Join(dir, "buckets"),
		Region: as.Region, AccessKey: as.AccessKey, SecretKey: as.SecretKey,
	}
	for _, dir := range append(buckets, "../metadata", "../versions") {
		if err := os.MkdirAll(filepath.Join(s.Dir, dir), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	c := n.Command(context.Background(), "versitygw", "--quiet", "--port", address, "--region", s.Region, "--health", "/health",
		"posix", "--sidecar", filepath.Join(dir, "metadata"), "--versioning-dir", filepath.Join(dir, "versions"), s.Dir)
	c.Env = append(c.Environ(), "ROOT_ACCESS_KEY_ID="+s.AccessKey, "ROOT_SECRET_ACCESS_KEY="+s.SecretKey)
	s.client = &http.Client{Transport: n.Transport()}
	p, err := StartCommand(filepath.Join(dir, "log"), Answers(s.client, s.URL+"/health"), c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Stop)
	return s
}

// Client returns a client of the server.
func (s *S3) Client() *s3.Client {
	return s3.New(s3.Options{
		BaseEndpoint: &s.URL, UsePathStyle: true, Region: s.Region, HTTPClient: s.client,
		Credentials: credentials.NewStaticCredentialsProvider(s.AccessKey, s.SecretKey, ""),
	})
}

// Env returns the variables by which its clients find it, and are let in.
func (s *S3) Env() map[string]string {
	return map[string]string{
		"AWS_ENDPOINT_URL_S3":   s.URL,
		"AWS_ACCESS_KEY_ID":     s.AccessKey,
		"AWS_SECRET_ACCESS_KEY": s.SecretKey,
	}
}
