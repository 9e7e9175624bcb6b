package sagemaker

import (
	"archive/tar"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/deployfile/deployfile/internal/testing/awscloud"
	spec "github.com/deployfile/deployfile/manifests/sagemaker"
	"github.com/deployfile/deployfile/publish"
	"github.com/deployfile/deployfile/publish/publishtest"
)

func withData(s *spec.Spec) { s.Data = "s3://models/flowers" }

// modelOf returns a model with these files: what the lock says of them, and a tar.
func modelOf(files map[string]string) (locked []publish.ModelFile, archive []byte) {
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	_ = w.WriteHeader(&tar.Header{Name: "./", Typeflag: tar.TypeDir, Mode: 0o755})
	for _, name := range slices.Sorted(maps.Keys(files)) {
		sum := sha256.Sum256([]byte(files[name]))
		locked = append(locked, publish.ModelFile{Path: name, SHA256: hex.EncodeToString(sum[:]), Size: int64(len(files[name]))})
		_ = w.WriteHeader(&tar.Header{Name: name, Typeflag: tar.TypeReg, Mode: 0o644, Size: int64(len(files[name]))})
		_, _ = io.WriteString(w, files[name])
	}
	_ = w.Close()
	return locked, b.Bytes()
}

// place returns where the model of a version is.
func (v *verbs) place(version string) string {
	s, _ := v.Target.Spec.(*spec.Spec)
	return s.ModelData("iris", strings.Repeat("0", 63)+version)
}

// keep brings the model of a version to S3, and reports whether anything was read.
func (v *verbs) keep(version string) (read bool) {
	v.Helper()
	return v.keepAt(v.place(version), version)
}

func (v *verbs) keepAt(place, version string) (read bool) {
	v.Helper()
	files, archive := modelOf(map[string]string{"MLmodel": "flavors", "data/model.pkl": "weights of " + version})
	err := v.open().KeepModel(v.Context(), place, files, func(f func(io.Reader) error) error {
		read = true
		return f(bytes.NewReader(archive))
	})
	if err != nil {
		v.Fatal(err)
	}
	return read
}

// deploys deploys the model of a version on one image.
func (v *verbs) deploys(version string) (*publish.Outcome, error) {
	r := v.Release("1")
	r.ModelImage = v.place(version)
	return publish.Deploy(v.Context(), v.open(), r, v.Options())
}

// weight is a server that answers with a text.
type weight string

func (a weight) ServeHTTP(w http.ResponseWriter, _ *http.Request) {
	_, _ = io.WriteString(w, string(a))
}
func (weight) Stop() []string { return nil }

// weighs is a server that answers with its model.
func weighs(t *testing.T) func(awscloud.Container) (awscloud.Server, error) {
	return func(o awscloud.Container) (awscloud.Server, error) {
		content, err := os.ReadFile(filepath.Join(o.Model, "data/model.pkl"))
		if err != nil {
			t.Error(err)
		}
		return weight(string(content) + " " + o.Env["DEPLOYFILE_MODEL_SHA256"]), nil
	}
}

// The model is in S3 as long as a revision has it, and one image serves all.
func TestModelData(t *testing.T) {
	v := begin(t, withData)
	v.cloud.Dir, v.cloud.Start = t.TempDir(), weighs(t)
	// Left by a deployment that was killed.
	v.cloud.Put("models/flowers/iris/"+strings.Repeat("f", 64)+"/MLmodel", "left")
	v.cloud.Put("models/flowers/iris-2/kept", "of another endpoint")
	for n, version := range []string{"1", "2", "2"} {
		if read := v.keep(version); read != (n < 2) {
			t.Errorf("version %s is read: %v", version, read)
		}
		if _, err := v.deploys(version); err != nil {
			t.Fatal(err)
		}
		out, err := v.deploys(version)
		if err != nil || out.Action != publish.Unchanged || len(out.Changes) > 0 {
			t.Errorf("again: %s, %+v, %v", out.Action, out.Changes, err)
		}
	}
	if _, err := publish.Rollback(t.Context(), v.open(), 0, v.Options()); err != nil {
		t.Fatal(err)
	}
	v.cloud.Wait(time.Hour)
	e, err := v.open().Open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	answer, err := http.Post(e.URL+"/invocations", "application/json", strings.NewReader("{}"))
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	text, _ := io.ReadAll(answer.Body)
	if got := string(text); !strings.Contains(got, "weights of 1 "+strings.Repeat("0", 63)+"1") {
		t.Errorf("the answer is %q", got)
	}
	left, err := v.open().Removals(t.Context())
	if err != nil || !slices.ContainsFunc(left, func(c publish.Change) bool { return c.Object == "model data "+v.place("2") }) {
		t.Errorf("to remove: %v, %v", left, err)
	}
	for range 2 {
		if err := v.open().Delete(t.Context()); err != nil {
			t.Error(err)
		}
	}
	if there := v.cloud.There(); len(there) != 1 || there[0] != "object models/flowers/iris-2/kept" {
		t.Errorf("left: %v", there)
	}
}

// What fails leaves no model behind, unless another revision has it.
func TestModelDataFails(t *testing.T) {
	v := begin(t, withData)
	v.cloud.Dir, v.cloud.Start = t.TempDir(), weighs(t)
	v.keep("1")
	if _, err := v.deploys("1"); err != nil {
		t.Fatal(err)
	}
	before := v.cloud.There()
	v.cloud.Start = func(awscloud.Container) (awscloud.Server, error) { return nil, errors.New("other files") }
	v.keep("2")
	for _, version := range []string{"2", "1"} {
		r := v.Release("2")
		r.ModelImage = v.place(version)
		var unready *publish.NotReadyError
		if _, err := publish.Deploy(t.Context(), v.open(), r, v.Options()); !errors.As(err, &unready) {
			t.Errorf("%v", err)
		}
		v.cloud.Wait(time.Hour)
		if there := v.cloud.There(); fmt.Sprint(there) != fmt.Sprint(before) {
			t.Errorf("there is %v, want %v", there, before)
		}
	}
}

// Old revisions take their models with them.
func TestModelDataExpires(t *testing.T) {
	v := begin(t, withData)
	for n := range 13 {
		version := fmt.Sprintf("%x", n%7)
		v.keep(version)
		if _, err := v.deploys(version); err != nil {
			t.Fatal(err)
		}
	}
	v.keep("8")
	for n := range publish.KeepRevisions {
		r := v.Release(fmt.Sprint(n % 2))
		r.ModelImage = v.place("8")
		if _, err := publish.Deploy(t.Context(), v.open(), r, v.Options()); err != nil {
			t.Fatal(err)
		}
	}
	var objects []string
	for _, o := range v.cloud.There() {
		if strings.HasPrefix(o, "object ") {
			objects = append(objects, o)
		}
	}
	if len(objects) != 2 {
		t.Errorf("there are %v", objects)
	}
}

// A request that is lost or refused once is repeated; one that always is fails, and what it
// leaves is completed by the next.
func TestKeepModelFaults(t *testing.T) {
	files, archive := modelOf(map[string]string{"MLmodel": "flavors", "data/model.pkl": "weights"})
	for _, fault := range []publishtest.RequestFault{publishtest.Throttled, publishtest.Internal, publishtest.Cut, publishtest.LostReply} {
		for n := range 3 { // a list and two files
			for _, always := range []bool{false, true} {
				t.Run(fmt.Sprint(fault, n, always), func(t *testing.T) {
					v := begin(t, withData)
					keep := func() error {
						return v.open().KeepModel(t.Context(), v.place("1"), files, func(read func(io.Reader) error) error { return read(bytes.NewReader(archive)) })
					}
					asked := 0
					v.cloud.Fault = func(string) publishtest.RequestFault {
						asked++
						if asked == n+1 || always && asked > n {
							return fault
						}
						return publishtest.NoFault
					}
					if err := keep(); (err != nil) != always {
						t.Fatal(err)
					}
					v.cloud.Fault = nil
					if err := keep(); err != nil {
						t.Error(err)
					}
					if there := v.cloud.There(); len(there) != 2 {
						t.Errorf("there is %v", there)
					}
				})
			}
		}
	}
}

// What does not fit the lock is refused, and not left in S3.
func TestKeepModel(t *testing.T) {
	files, archive := modelOf(map[string]string{"MLmodel": "flavors", "model.pkl": "weights"})
	_, other := modelOf(map[string]string{"MLmodel": "flavors", "model.pkl": "WEIGHTS"})
	_, longer := modelOf(map[string]string{"MLmodel": "flavors", "model.pkl": "weights and more"})
	_, fewer := modelOf(map[string]string{"MLmodel": "flavors"})
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	_ = w.WriteHeader(&tar.Header{Name: "model.pkl", Typeflag: tar.TypeSymlink, Linkname: "/etc/passwd"})
	_ = w.Close()
	for name, test := range map[string]struct {
		tar  []byte
		has  string
		want string
	}{
		"fits":     {archive, "", ""},
		"other":    {other, "", "model.pkl is not the one in the lock"},
		"longer":   {longer, "", "model.pkl has 16 bytes, and 7 in the lock"},
		"fewer":    {fewer, "", "model.pkl is in the lock and was not built"},
		"a link":   {b.Bytes(), "", "model.pkl is a link"},
		"cut off":  {archive[:1600], "", "unexpected EOF"},
		"too much": {archive, "extra.py", "is no file of the model: delete it"},
		"half":     {archive, "MLmodel", ""},
	} {
		t.Run(name, func(t *testing.T) {
			v := begin(t, withData)
			if test.has != "" {
				v.cloud.Put(strings.TrimPrefix(v.place("1"), "s3://")+test.has, "old")
			}
			err := v.open().KeepModel(t.Context(), v.place("1"), files, func(read func(io.Reader) error) error { return read(bytes.NewReader(test.tar)) })
			if (err == nil) != (test.want == "") || err != nil && !strings.Contains(err.Error(), test.want) {
				t.Errorf("%v, want %q", err, test.want)
			}
			for _, o := range v.cloud.There() {
				if content, _ := v.cloud.Object(strings.TrimPrefix(o, "object ")); !slices.Contains([]string{"flavors", "weights", "old"}, content) || err == nil && content == "old" {
					t.Errorf("%s is %q", o, content)
				}
			}
		})
	}
}
