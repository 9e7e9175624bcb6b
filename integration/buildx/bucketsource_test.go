//go:build integration

package buildx

import (
	"bytes"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/deployfile/deployfile/internal/testing/lab"
)

// bucket is a store of a cloud that has a model.
type bucket struct {
	source string
	// env are the variables of its clients, secret the value that nobody is to see, ""
	// if there is none.
	env    map[string]string
	secret string
	// anonymous are the names of those that are no credential; without the others the
	// step says denied.
	anonymous []string
	denied    string
}

// TestBuckets builds, with nothing but buildx, models that are in buckets, with the
// credentials of the vendors' own variables as secrets.
func TestBuckets(t *testing.T) {
	local := tiny(t, "")
	files := storedModel(local, t)
	for name, text := range files {
		local.Write(t, "model/"+name, text)
	}
	local.lock(t)
	want := local.imageID(t)
	for name, start := range map[string]func(t *testing.T, files map[string]string) bucket{"S3": startS3, "Google": startGCS, "Azure": startAzurite} {
		t.Run(name, func(t *testing.T) {
			b := start(t, files)
			p := tiny(t, "")
			if err := os.RemoveAll(p.Path("model")); err != nil {
				t.Fatal(err)
			}
			p.Edit(t, "Deployfile", `source = "model"`, `source = "`+b.source+`"`)
			for name, value := range b.env {
				t.Setenv(name, value)
			}
			p.deployfile(t, "lock")
			if b.denied != "" {
				r := p.buildx(t, append(secrets(b.anonymous), "--no-cache", "--output", "type=cacheonly")...)
				if r.err == nil || !strings.Contains(r.stderr, b.denied) {
					t.Errorf("without a credential: %v\n%s", r.err, lab.Tail(r.stderr))
				}
			}
			all := secrets(slices.Sorted(maps.Keys(b.env)))
			if got := p.imageID(t, all...); got != want {
				t.Errorf("the image is %s, and that of the directory %s", got, want)
			}
			texts := p.LockFiles(t)
			r := p.must(t, invocation{progress: "rawjson"}, append(all, "--no-cache", "--output", "type=cacheonly", "--provenance=mode=max")...)
			texts["log"] = r.stderr + r.logs()
			for key, value := range r.metadata {
				texts["metadata "+key] = string(value)
			}
			if b.secret != "" {
				hides(t, b.secret, texts)
			}
		})
	}
}

func secrets(names []string) []string {
	var out []string
	for _, name := range names {
		out = append(out, "--secret", "id="+name)
	}
	return out
}

func startS3(t *testing.T, files map[string]string) bucket {
	t.Helper()
	s := lab.StartS3(t, lab.Loopback(), "models")
	for name, text := range files {
		if _, err := s.Client().PutObject(t.Context(), &s3.PutObjectInput{Bucket: aws.String("models"), Key: aws.String("team/iris 1/" + name), Body: bytes.NewReader([]byte(text))}); err != nil {
			t.Fatal(err)
		}
	}
	return bucket{
		source: "s3://models/team/iris 1", env: s.Env(), secret: s.SecretKey,
		anonymous: []string{"AWS_ENDPOINT_URL_S3"}, denied: "give the secrets AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY",
	}
}

func startGCS(t *testing.T, files map[string]string) bucket {
	t.Helper()
	s := lab.StartGCS(t, lab.Loopback(), "models")
	for name, text := range files {
		s.Put(t, "models", "team/iris 1/"+name, []byte(text))
	}
	return bucket{source: "gs://models/team/iris 1", env: map[string]string{"STORAGE_EMULATOR_HOST": s.URL}}
}

func startAzurite(t *testing.T, files map[string]string) bucket {
	t.Helper()
	s := lab.StartAzurite(t, lab.Loopback(), "models")
	for name, text := range files {
		s.Put(t, "team/iris 1/"+name, []byte(text), nil)
	}
	return bucket{
		source: "wasbs://models@" + lab.AzuriteAccount + ".blob.core.windows.net/team/iris 1",
		env:    map[string]string{"AZURE_STORAGE_CONNECTION_STRING": s.Connection}, secret: s.Key,
	}
}
