//go:build integration

package modelsource

import (
	"archive/tar"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/deployfile/deployfile/internal/testing/lab"
	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/remote"
)

// remoteSize is how many bytes the weights of a model have, and leastMoved how many a client
// may move that has nothing to do with them.
const (
	remoteSize = 32 << 20
	leastMoved = 1 << 20
)

// TestRemoteBuilder locks a model where its store is reached, and builds from the lock as
// a client that reaches nothing but the socket of another builder there. The weights of the
// model do not pass through the client.
func TestRemoteBuilder(t *testing.T) {
	s := newSite(t)
	locks, builds := s.builder(t), s.builder(t)
	front, moved := lab.Meter(t, builds)
	nowhere := lab.NewNamespace(t)
	// The builder keeps files by their hashes, so that each model has weights of its own.
	for seed, tt := range []struct {
		name   string
		put    func(t *testing.T, s *site, files map[string]string) (source string, env map[string]string)
		passes bool
	}{
		{"directory", nil, true},
		{"oci", putOCI, false},
		{"s3", putS3, false},
		{"azure", putAzure, false},
		{"gcs", putGCS, false},
		{"https", putHTTPS, false},
		{"mlflow", putMLflow, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			files := filesWith(t, byte(100+seed), remoteSize)
			source, env := "model", map[string]string(nil)
			if tt.put != nil {
				source, env = tt.put(t, s, files)
			}
			p := tinyProject(t, source, files)
			newUser(t, env).within(t, s.Network, p.Dir, append([]string{"lock"}, s.flags(locks)...)...)
			before, ref := moved(), s.registry+"/built/"+tt.name+":1"
			newUser(t, env).within(t, nowhere.Network, p.Dir, append([]string{"build", "--locked", "--push", "--tag", ref}, s.flags(front)...)...)
			n := moved() - before
			if (n > leastMoved) != tt.passes {
				t.Errorf("the client moved %d bytes", n)
			}
			if got, want := s.fileOf(t, ref, "opt/model/data/weights.bin"), sha(files["data/weights.bin"]); got != want {
				t.Errorf("the weights in the image have the hash %q, want %s", got, want)
			}
		})
	}
}

// fileOf returns the hash of a file in an image, "" if it has none.
func (s *site) fileOf(t *testing.T, ref, path string) string {
	t.Helper()
	r, err := name.ParseReference(ref)
	if err != nil {
		t.Fatal(err)
	}
	image, err := remote.Image(r, remote.WithTransport(s.Transport()))
	if err != nil {
		t.Fatal(err)
	}
	layers, err := image.Layers()
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range layers {
		body, err := l.Uncompressed()
		if err != nil {
			t.Fatal(err)
		}
		sum := sumIn(t, body, path)
		// Before the next one: only so many are open at a time.
		_ = body.Close()
		if sum != "" {
			return sum
		}
	}
	return ""
}

// sumIn returns the hash of a file in an archive, "" if it has none.
func sumIn(t *testing.T, body io.Reader, path string) string {
	t.Helper()
	archive := tar.NewReader(body)
	for {
		h, err := archive.Next()
		if err == io.EOF {
			return ""
		}
		if err != nil {
			t.Fatal(err)
		}
		if h.Name != path {
			continue
		}
		sum := sha256.New()
		if _, err := io.Copy(sum, archive); err != nil {
			t.Fatal(err)
		}
		return hex.EncodeToString(sum.Sum(nil))
	}
}

// written writes files into a directory.
func written(t *testing.T, files map[string]string) string {
	t.Helper()
	p := &lab.Project{Dir: filepath.Join(t.TempDir(), "model")}
	for name, text := range files {
		p.Write(t, name, text)
	}
	return p.Dir
}

// putOCI pushes a model to the registry.
func putOCI(t *testing.T, s *site, files map[string]string) (source string, env map[string]string) {
	t.Helper()
	ref := s.registry + "/models/iris:1"
	newUser(t, nil).within(t, s.Network, ".", "model", "push", ref, written(t, files))
	return "oci://" + ref, nil
}

// putS3 puts a model into a bucket, which only a credential opens.
func putS3(t *testing.T, s *site, files map[string]string) (source string, env map[string]string) {
	t.Helper()
	store := lab.StartS3(t, s.Network, "models")
	for name, text := range files {
		key := "iris/" + name
		if _, err := store.Client().PutObject(t.Context(), &s3.PutObjectInput{Bucket: aws.String("models"), Key: &key, Body: strings.NewReader(text)}); err != nil {
			t.Fatal(err)
		}
	}
	return "s3://models/iris", with(store.Env(), "AWS_CONFIG_FILE", os.DevNull, "AWS_SHARED_CREDENTIALS_FILE", os.DevNull, "AWS_EC2_METADATA_DISABLED", "true", "AWS_CA_BUNDLE", "")
}

// putAzure puts a model into a container, which only the key of the account opens.
func putAzure(t *testing.T, s *site, files map[string]string) (source string, env map[string]string) {
	t.Helper()
	store := lab.StartAzurite(t, s.Network, "models")
	for name, text := range files {
		store.Put(t, "iris/"+name, []byte(text), nil)
	}
	return azureModels + "iris", map[string]string{"AZURE_STORAGE_CONNECTION_STRING": store.Connection}
}

// putGCS puts a model into a bucket, which is open: a token of Google's goes to Google alone.
func putGCS(t *testing.T, s *site, files map[string]string) (source string, env map[string]string) {
	t.Helper()
	store := lab.StartGCS(t, s.Network, "models")
	for name, text := range files {
		store.Put(t, "models", "iris/"+name, []byte(text))
	}
	return "gs://models/iris", map[string]string{"STORAGE_EMULATOR_HOST": store.URL, "GOOGLE_APPLICATION_CREDENTIALS": os.DevNull}
}

// putHTTPS serves an archive, over TLS of a private authority.
func putHTTPS(t *testing.T, s *site, files map[string]string) (source string, env map[string]string) {
	t.Helper()
	secure, authority := lab.Certified(t, s.Address)
	url := s.serve(t, serving(map[string][]byte{"/iris.tar.gz": tarred(t, files, "")}), secure)
	file := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(file, authority, 0o600); err != nil {
		t.Fatal(err)
	}
	return url + "/iris.tar.gz", map[string]string{"SSL_CERT_FILE": file}
}

// putMLflow has MLflow log a model at a server that passes on what it keeps.
func putMLflow(t *testing.T, s *site, files map[string]string) (source string, env map[string]string) {
	t.Helper()
	server := startServerIn(t, s.Network, nil, "--artifacts-destination", t.TempDir())
	const log = `import mlflow, sys
mlflow.set_tracking_uri(sys.argv[1])
with mlflow.start_run() as run:
    mlflow.log_artifacts(sys.argv[2], "model")
print("RUN " + run.info.run_id)`
	c := s.Command(t.Context(), shared.Python, "-c", log, server.URL, written(t, files))
	c.Env = environment(nil)
	out, err := c.CombinedOutput()
	_, after, ok := strings.Cut(string(out), "RUN ")
	if err != nil || !ok {
		t.Fatalf("log a model: %v\n%s", err, lab.Tail(string(out)))
	}
	run, _, _ := strings.Cut(after, "\n")
	return "runs:/" + run + "/model", map[string]string{"MLFLOW_TRACKING_URI": server.URL}
}
