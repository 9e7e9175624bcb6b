package modelstore

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/deployfile/deployfile/modelsource"
	"github.com/google/go-cmp/cmp"
)

// fakeBucket lists what a test wants; integration/modelsource has the real ones.
type fakeBucket struct {
	pages func(next string) ([]object, string)
	asked int
}

var _ bucket = (*fakeBucket)(nil)

func (f *fakeBucket) page(_ context.Context, _, next string) ([]object, string, error) {
	f.asked++
	objects, following := f.pages(next)
	return objects, following, nil
}

func (f *fakeBucket) stat(_ context.Context, key, _ string) (object, error) {
	return object{key: key}, nil
}

func (f *fakeBucket) open(context.Context, object, int64) (io.ReadCloser, error) {
	return nil, errNoObject
}

func (f *fakeBucket) sign(context.Context, string, string, time.Duration) (string, error) {
	return "", nil
}

func (f *fakeBucket) headers(context.Context) (map[string]string, error) { return nil, nil }

func (f *fakeBucket) authorities() []byte { return nil }

func (f *fakeBucket) list(t *testing.T) ([]File, error) {
	t.Helper()
	name, err := modelsource.ParseObjects("s3://bucket/team/iris")
	if err != nil {
		t.Fatal(err)
	}
	return (&objects{bucket: f, name: name}).List(t.Context())
}

// TestHostileObjects refuses what no model has.
func TestHostileObjects(t *testing.T) {
	for key, want := range map[string]string{
		"team/iris/../x": "outside", "team/iris//x": "outside", "team/iris/a/../../../x": "name of a file", "team/iris/a//x": "name of a file", "team/iris/a\nb": "control character",
		"team/iris2/MLmodel": "elsewhere", "other": "elsewhere", "team/iris/MLmodel/": "name of a file",
	} {
		f := &fakeBucket{pages: func(string) ([]object, string) { return []object{{key: key, size: 1}}, "" }}
		files, err := f.list(t)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, %v, want %q", key, files, err, want)
		}
	}
	f := &fakeBucket{pages: func(string) ([]object, string) {
		return []object{{key: "team/iris/"}, {key: "team/iris/data/"}, {key: "team/iris/data/x", size: 1}, {key: "team/iris/MLmodel", size: 2}}, ""
	}}
	files, err := f.list(t)
	if d := cmp.Diff([]File{{Path: "MLmodel", Size: 2}, {Path: "data/x", Size: 1}}, files); d != "" || err != nil {
		t.Errorf("%v\n%s", err, d)
	}
}

// TestEndlessObjects ends a list that the store does not end.
func TestEndlessObjects(t *testing.T) {
	for name, pages := range map[string]func(next string) ([]object, string){
		"empty pages": func(string) ([]object, string) { return nil, "again" },
		"full pages": func(next string) (all []object, _ string) {
			for n := range 1000 {
				all = append(all, object{key: fmt.Sprintf("team/iris/%s%d", next, n), size: 1})
			}
			return all, next + "x"
		},
	} {
		f := &fakeBucket{pages: pages}
		if _, err := f.list(t); err == nil || !strings.Contains(err.Error(), "name the directory of one model") || f.asked > maxPages {
			t.Errorf("%s: asked %d times: %v", name, f.asked, err)
		}
	}
}

// atS3 has this process use a server as S3.
func atS3(t *testing.T, answer http.HandlerFunc) Store {
	t.Helper()
	s := httptest.NewServer(answer)
	t.Cleanup(s.Close)
	for name, value := range map[string]string{
		"AWS_ENDPOINT_URL_S3": s.URL, "AWS_ACCESS_KEY_ID": "me", "AWS_SECRET_ACCESS_KEY": "s3cr3t",
		"AWS_CONFIG_FILE": os.DevNull, "AWS_SHARED_CREDENTIALS_FILE": os.DevNull, "AWS_REGION": "us-east-1",
	} {
		t.Setenv(name, value)
	}
	m, err := Resolve(t.Context(), "s3://bucket/iris", Options{Getenv: os.Getenv})
	if err != nil {
		t.Fatal(err)
	}
	return m.Store
}

// TestRegion asks a bucket in the region that it says.
func TestRegion(t *testing.T) {
	s := atS3(t, func(w http.ResponseWriter, r *http.Request) {
		if !strings.Contains(r.Header.Get("Authorization"), "/eu-west-1/") {
			w.Header().Set("X-Amz-Bucket-Region", "eu-west-1")
			w.WriteHeader(http.StatusMovedPermanently)
			fmt.Fprint(w, "<Error><Code>PermanentRedirect</Code></Error>")
			return
		}
		if r.Method == http.MethodGet {
			fmt.Fprint(w, "<ListBucketResult><Contents><Key>iris/MLmodel</Key><Size>3</Size></Contents></ListBucketResult>")
		}
	})
	s.(*objects).bucket.(*s3Bucket).reach = true
	a, err := s.Access(t.Context(), []File{{Path: "MLmodel"}})
	if err != nil || !strings.Contains(a.URLs["MLmodel"], "%2Feu-west-1%2F") {
		t.Errorf("%+v, %v", a, err)
	}
	if files, err := s.List(t.Context()); err != nil || len(files) != 1 {
		t.Errorf("%v, %v", files, err)
	}
}

// TestLargeAnswer reads no answer without end.
func TestLargeAnswer(t *testing.T) {
	s := atS3(t, func(w http.ResponseWriter, r *http.Request) {
		line := []byte(strings.Repeat("<CommonPrefixes></CommonPrefixes>", 1000))
		for _, err := w.Write([]byte("<ListBucketResult>")); err == nil && r.Context().Err() == nil; {
			_, err = w.Write(line)
		}
	})
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if _, err := s.List(ctx); err == nil || errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("%v", err)
	}
}

// TestSignedAddresses has no address of a file that only this machine reaches.
func TestSignedAddresses(t *testing.T) {
	for endpoint, reaches := range map[string]bool{"http://127.0.0.1:1": false, "http://10.255.255.1": true, "": true} {
		for name, value := range map[string]string{
			"AWS_ENDPOINT_URL_S3": endpoint, "AWS_ACCESS_KEY_ID": "me", "AWS_SECRET_ACCESS_KEY": "s3cr3t",
			"AWS_CONFIG_FILE": os.DevNull, "AWS_SHARED_CREDENTIALS_FILE": os.DevNull,
		} {
			t.Setenv(name, value)
		}
		b, err := openS3(t.Context(), "bucket", Options{Getenv: os.Getenv})
		if err != nil {
			t.Fatal(err)
		}
		signed, err := b.sign(t.Context(), "iris/a b", "v1", time.Hour)
		if err != nil || (signed != "") != reaches || reaches && (!strings.Contains(signed, "a%20b?") || !strings.Contains(signed, "versionId=v1") || strings.Contains(signed, "s3cr3t")) {
			t.Errorf("%s: %q, %v", endpoint, signed, err)
		}
	}
}
