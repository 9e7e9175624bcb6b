//go:build integration

package modelsource

import (
	"bytes"
	"os"
	"path"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/deployfile/deployfile/internal/testing/buildtest"
	"github.com/deployfile/deployfile/internal/testing/lab"
	"github.com/google/go-cmp/cmp"
)

// store is an object store of the tests.
type store struct {
	// source is what a Deployfile says of a directory of it.
	source func(prefix string) string
	// put writes an object.
	put func(t *testing.T, key string, data []byte)
}

// startS3 starts a server of S3 with the bucket "models", and has this process use it.
func startS3(t *testing.T, n lab.Network) (*lab.S3, store) {
	t.Helper()
	server := lab.StartS3(t, n, "models")
	for name, value := range server.Env() {
		t.Setenv(name, value)
	}
	// What the user of the tests has.
	t.Setenv("AWS_CONFIG_FILE", os.DevNull)
	t.Setenv("AWS_SHARED_CREDENTIALS_FILE", os.DevNull)
	t.Setenv("AWS_EC2_METADATA_DISABLED", "true")
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	return server, store{
		source: func(prefix string) string { return "s3://models/" + prefix },
		put: func(t *testing.T, key string, data []byte) {
			t.Helper()
			if _, err := server.Client().PutObject(t.Context(), &s3.PutObjectInput{Bucket: aws.String("models"), Key: &key, Body: bytes.NewReader(data)}); err != nil {
				t.Fatalf("put %q: %v", key, err)
			}
		},
	}
}

// TestS3 makes the image of a model in S3.
func TestS3(t *testing.T) {
	_, s := startS3(t, lab.Loopback())
	sameImage(t, s)
}

// sameImage compares the image of a model in a directory with that of the same files in
// a store.
func sameImage(t *testing.T, s store) (*buildtest.Project, *buildtest.Image) {
	t.Helper()
	p := shared.Tiny(t, "")
	large := bytes.Repeat([]byte("0123456789abcdef"), 5<<16)
	extra := map[string][]byte{"data/weights of it+é%41.bin": large, "data/empty": {}}
	for name, data := range extra {
		p.Write(t, "model/"+name, string(data))
	}
	p.Lock(t)
	want := p.Build(t)
	for name := range hashes(t, p.Path("model")) {
		data, err := os.ReadFile(p.Path("model/" + name))
		if err != nil {
			t.Fatal(err)
		}
		s.put(t, path.Join("team/my model", name), data)
	}
	s.put(t, "team/my model 2/MLmodel", []byte("of another model"))
	locked := hashes(t, p.Path("model"))
	if err := os.RemoveAll(p.Path("model")); err != nil {
		t.Fatal(err)
	}
	p.Edit(t, "Deployfile", `source = "model"`, `source = "`+s.source("team/my model")+`"`)
	p.Lock(t)
	got := map[string]string{}
	for _, f := range p.Locked(t).Model {
		got[f.Path] = f.SHA256
	}
	if d := cmp.Diff(locked, got); d != "" {
		t.Errorf("the lock has other files (-directory +store):\n%s", d)
	}
	built := p.BuildWith(t, buildtest.DemandLock)
	if built.Digest != want.Digest {
		t.Errorf("the image is %s, and that of the directory %s", built.Digest, want.Digest)
	}
	return p, built
}

// overwritten puts another MLmodel in the place of that of sameImage, and checks that a
// build is as before. It returns a build by somebody who has nothing in a cache.
func overwritten(t *testing.T, s store, p *buildtest.Project, want *buildtest.Image) (build func() error) {
	t.Helper()
	s.put(t, "team/my model/MLmodel", []byte("flavors: {}\n"))
	build = func() error {
		t.Helper()
		t.Setenv("XDG_CACHE_HOME", t.TempDir())
		got, _, err := p.On(shared.Second(t)).TryBuild(t, buildtest.DemandLock)
		if err == nil && got.Digest != want.Digest {
			t.Errorf("the image is %s, and that of before %s", got.Digest, want.Digest)
		}
		return err
	}
	if err := build(); err != nil {
		t.Fatalf("after MLmodel was overwritten: %v", err)
	}
	return build
}

// TestS3FromElsewhere fetches the files in the builder, at signed addresses that nobody
// sees.
func TestS3FromElsewhere(t *testing.T) {
	n := lab.Loopback()
	n.Address = ownAddress(t)
	server, s := startS3(t, n)
	p, want := sameImage(t, s)
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	built, o, err := p.On(shared.Second(t)).TryBuild(t, buildtest.DemandLock)
	if err != nil {
		t.Fatalf("%v\n%s", err, lab.Tail(o.Log))
	}
	if built.Digest != want.Digest || !strings.Contains(o.Log, "files of the model") {
		t.Errorf("the image is %s, and that of the first builder %s; log:\n%s", built.Digest, want.Digest, lab.Tail(o.Log))
	}
	for _, secret := range []string{"X-Amz-", server.AccessKey, server.SecretKey} {
		if strings.Contains(o.Log, secret) {
			t.Errorf("the log has %q", secret)
		}
	}
}

// TestS3Versions builds from the version of an object that the lock has, and from any
// with the same contents once that is gone.
func TestS3Versions(t *testing.T) {
	server, s := startS3(t, lab.Loopback())
	_, err := server.Client().PutBucketVersioning(t.Context(), &s3.PutBucketVersioningInput{
		Bucket: aws.String("models"), VersioningConfiguration: &types.VersioningConfiguration{Status: types.BucketVersioningStatusEnabled},
	})
	if err != nil {
		t.Fatal(err)
	}
	p, want := sameImage(t, s)
	revisions := p.Locked(t).ModelSource.Revisions
	key := "team/my model/MLmodel"
	build := overwritten(t, s, p, want)
	_, err = server.Client().DeleteObject(t.Context(), &s3.DeleteObjectInput{Bucket: aws.String("models"), Key: &key, VersionId: aws.String(revisions["MLmodel"])})
	if err != nil {
		t.Fatal(err)
	}
	err = build()
	buildtest.WantError(t, err, `model file "MLmodel"`, "it has fewer bytes than it had", "deployfile lock --upgrade")
}

// TestS3Errors says what of a source is wrong, at its line.
func TestS3Errors(t *testing.T) {
	_, s := startS3(t, lab.Loopback())
	s.put(t, "iris/MLmodel", []byte("x"))
	s.put(t, "line/a\nb", []byte("x"))
	for name, tt := range map[string]struct {
		source string
		env    map[string]string
		want   string
	}{
		"bucket":       {"s3://nothing/iris", nil, "s3://nothing: its list: there is no such bucket"},
		"key":          {"s3://models/none", nil, "s3://models/none: there are no objects"},
		"file":         {"s3://models/iris/MLmodel", nil, "s3://models/iris/MLmodel: there are no objects"},
		"line feed":    {"s3://models/line", nil, `"a\nb"`},
		"secret":       {"s3://models/iris", map[string]string{"AWS_SECRET_ACCESS_KEY": "hunter2"}, "AWS' credential is wrong or has expired (SignatureDoesNotMatch)"},
		"key id":       {"s3://models/iris", map[string]string{"AWS_ACCESS_KEY_ID": "NOBODY"}, "No user exists with the provided access key ID"},
		"none":         {"s3://models/iris", map[string]string{"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": ""}, "it is not public, and no credential of AWS is found: set AWS_PROFILE"},
		"no profile":   {"s3://models/iris", map[string]string{"AWS_PROFILE": "mine"}, "profile, mine"},
		"no server":    {"s3://models/iris", map[string]string{"AWS_ENDPOINT_URL_S3": "http://127.0.0.1:1"}, "connection refused"},
		"no address":   {"s3://models/iris", map[string]string{"AWS_ENDPOINT_URL_S3": "ftp://127.0.0.1"}, "not an http or https address"},
		"other parent": {"s3://models/a/../iris", nil, "leads up"},
	} {
		t.Run(name, func(t *testing.T) {
			for name, value := range tt.env {
				t.Setenv(name, value)
			}
			p := shared.Tiny(t, "")
			p.Edit(t, "Deployfile", `source = "model"`, `source = "`+tt.source+`"`)
			_, err := p.TryLock(t, nil)
			buildtest.WantError(t, err, tt.want)
			buildtest.WantSource(t, err, p.Read(t, "Deployfile"), `source = "`+tt.source+`"`)
			if strings.Contains(err.Error(), "hunter2") || strings.Contains(err.Error(), "\n") {
				t.Errorf("%q", err)
			}
		})
	}
}
