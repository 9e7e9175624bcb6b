package sagemaker

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/deployfile/deployfile/internal/testing/awscloud"
	"github.com/deployfile/deployfile/internal/testing/clouds"
	spec "github.com/deployfile/deployfile/manifests/sagemaker"
	"github.com/deployfile/deployfile/publish"
	"github.com/deployfile/deployfile/publish/publishtest"
)

// rows is a server that predicts the lines of CSV, and refuses the row "bad".
type rows struct{}

func (rows) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	lines := strings.Split(strings.TrimSpace(string(body)), "\n")
	if r.Header.Get("Content-Type") != "text/csv" || lines[0] != "a" || slices.Contains(lines, "bad") {
		http.Error(w, "these are no rows", http.StatusBadRequest)
		return
	}
	_ = json.NewEncoder(w).Encode(map[string]any{"predictions": lines[1:]})
}

func (rows) Stop() []string { return []string{"the server has ended"} }

func predicting(awscloud.Container) (awscloud.Server, error) { return rows{}, nil }

func stored(s *spec.Spec) {
	s.Storage, s.KMSKey, s.ResourceTags = "s3://staging/tmp", "alias/iris", map[string]string{"team": "flowers"}
	s.Batch = &spec.Batch{InstanceType: "ml.c5.xlarge", Instances: 2}
}

// leftovers are the objects that are neither the input nor the output.
func (v *verbs) leftovers(known ...string) (out []string) {
	for _, what := range v.cloud.There() {
		path, ok := strings.CutPrefix(what, "object ")
		if (ok || strings.HasPrefix(what, "job")) && !slices.Contains(known, path) {
			out = append(out, what)
		}
	}
	return out
}

// A batch is one transform job, whatever the input and the output are, and leaves nothing.
func TestBatch(t *testing.T) {
	v := begin(t, stored)
	v.cloud.Start = predicting
	v.Must("1")
	dir := t.TempDir()
	var text, want strings.Builder
	text.WriteString("a\n")
	for n := 0; text.Len() < 2*requestSize; n++ {
		row := fmt.Sprintf("%d%s", n, strings.Repeat("x", 100_000))
		text.WriteString(row + "\n")
		want.WriteString(`"` + row + "\"\n")
	}
	in, out := filepath.Join(dir, "rows.csv"), filepath.Join(dir, "answers.jsonl")
	if err := os.WriteFile(in, []byte(text.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	var said []string
	o := publish.BatchOptions{Input: in, Output: out, Timeout: time.Minute, Progress: func(line string) { said = append(said, line) }}
	if err := v.open().Batch(t.Context(), o); err != nil {
		t.Fatal(err)
	}
	if got, err := os.ReadFile(out); err != nil || string(got) != want.String() {
		t.Errorf("%d bytes, %v, want %d", len(got), err, want.Len())
	}
	if !slices.Contains(said, in+" is cut into 3 requests") || !strings.HasPrefix(said[len(said)-1], "started transform job iris-") {
		t.Errorf("it says %q", said)
	}
	v.cloud.Put("rows/small.csv", "a\n1\n2\n")
	if err := v.open().Batch(t.Context(), publish.BatchOptions{Input: "s3://rows/small.csv", Output: "s3://rows/out/answers.json"}); err != nil {
		t.Fatal(err)
	}
	if got, _ := v.cloud.Object("rows/out/answers.json"); got != `{"predictions": ["1", "2"]}` {
		t.Errorf("%q", got)
	}
	// All objects below a prefix, as they are.
	v.cloud.Put("rows/many/a.csv", "a\n1\n")
	v.cloud.Put("rows/many/b/c.csv", "a\n2\n")
	if err := v.open().Batch(t.Context(), publish.BatchOptions{Input: "s3://rows/many/", Output: "s3://rows/each/"}); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{"rows/each/a.csv.out": "{\"predictions\":[\"1\"]}\n", "rows/each/b/c.csv.out": "{\"predictions\":[\"2\"]}\n"} {
		if got, _ := v.cloud.Object(path); got != want {
			t.Errorf("%s is %q", path, got)
		}
	}
	if left := v.leftovers("rows/small.csv", "rows/out/answers.json", "rows/many/a.csv", "rows/many/b/c.csv", "rows/each/a.csv.out", "rows/each/b/c.csv.out"); len(left) > 0 {
		t.Errorf("left: %v", left)
	}
}

// Without rows nothing is asked for.
func TestBatchOfNothing(t *testing.T) {
	v := begin(t, stored)
	v.Must("1")
	v.cloud.Put("rows/none.csv", "a\n")
	if err := v.open().Batch(t.Context(), publish.BatchOptions{Input: "s3://rows/none.csv", Output: "s3://rows/none.json"}); err != nil {
		t.Fatal(err)
	}
	if got, _ := v.cloud.Object("rows/none.json"); got != `{"predictions": []}` || slices.Contains(v.cloud.Calls(), "CreateTransformJob") {
		t.Errorf("%q, %v", got, v.cloud.Calls())
	}
}

// What fails says why, and leaves neither an output nor what it needed.
func TestBatchFails(t *testing.T) {
	for name, x := range map[string]struct {
		change  func(*spec.Spec)
		in, out string
		says    []string
	}{
		"a row":      {stored, "s3://rows/bad.csv", "s3://rows/out.json", []string{"is Failed: ClientError", "last lines of its log", "400: these are no rows", "the server has ended"}},
		"no storage": {nil, "s3://rows/bad.csv", "out.json", []string{`write storage = "s3://BUCKET/PREFIX" in [targets.prod]`}},
		"no type": {func(s *spec.Spec) {
			s.InstanceType, s.Serverless = "", &spec.Serverless{Memory: 1024, MaxConcurrency: 1}
		}, "s3://rows/bad.csv", "s3://rows/out.json", []string{"write instance-type in [targets.prod.batch]"}},
		"no input":        {stored, "s3://rows/no.csv", "s3://rows/out.json", []string{"read s3://rows/no.csv", "does not exist"}},
		"no bucket":       {stored, "s3://rows/bad.csv", "s3://missing/out.json", []string{"s3://missing/out.json", "bucket does not exist"}},
		"no file":         {stored, "no.csv", "s3://rows/out.json", []string{"no such file"}},
		"no directory":    {stored, "s3://rows/bad.csv", "no/out.json", []string{"the output's directory"}},
		"a format":        {stored, "s3://rows/bad.parquet", "s3://rows/out.json", []string{"name a file that ends in .csv, .json or .jsonl"}},
		"another scheme":  {stored, "https://rows/bad.csv", "s3://rows/out.json", []string{"neither a file nor s3://BUCKET/KEY"}},
		"half a prefix":   {stored, "s3://rows/all/", "s3://rows/out.json", []string{"both must be s3://BUCKET/PREFIX/"}},
		"an empty prefix": {stored, "s3://rows/none/", "s3://rows/out/", []string{"nothing below s3://rows/none/"}},
		"two formats":     {stored, "s3://rows/all/", "s3://rows/out/", []string{"have different formats"}},
	} {
		t.Run(name, func(t *testing.T) {
			v := begin(t, x.change)
			v.cloud.Start = predicting
			v.Must("1")
			known := []string{"rows/bad.csv", "rows/all/a.csv", "rows/all/b.json"}
			content := "a\nbad\n"
			if name == "no bucket" {
				content = "a\n"
			}
			for _, path := range known {
				v.cloud.Put(path, content)
			}
			err := v.open().Batch(t.Context(), publish.BatchOptions{Input: x.in, Output: x.out})
			for _, says := range x.says {
				if err == nil || !strings.Contains(err.Error(), says) {
					t.Errorf("%v, want %s", err, says)
				}
			}
			if left := v.leftovers(known...); len(left) > 0 {
				t.Errorf("left: %v", left)
			}
		})
	}
	v := begin(t, stored)
	var nothing *publish.NothingError
	if err := v.open().Batch(t.Context(), publish.BatchOptions{Input: "s3://rows/a.csv", Output: "s3://rows/out.json"}); !errors.As(err, &nothing) {
		t.Errorf("%v", err)
	}
}

// A batch that is cancelled ends its job.
func TestBatchCancelled(t *testing.T) {
	v := begin(t, stored)
	v.Must("1")
	v.cloud.Put("rows/a.csv", "a\n1\n")
	ctx, cancel := context.WithCancelCause(t.Context())
	o := publish.BatchOptions{Input: "s3://rows/a.csv", Output: "s3://rows/out.json"}
	o.Progress = func(line string) {
		if strings.HasPrefix(line, "started") {
			cancel(errors.New("enough"))
		}
	}
	if err := v.open().Batch(ctx, o); err == nil || err.Error() != "enough" {
		t.Errorf("%v", err)
	}
	if left := v.leftovers("rows/a.csv"); len(left) > 0 {
		t.Errorf("left: %v", left)
	}
}

// Every fault at every request of a batch: once it is not noticed, and more often it is an
// error, after which the next batch works.
func TestBatchTransport(t *testing.T) {
	run := func(t *testing.T, fault func(string) publishtest.RequestFault) (*verbs, error) {
		v := begin(t, stored)
		v.cloud.Step = time.Minute
		v.Must("1")
		v.cloud.Put("rows/a.csv", "a\n1\n")
		v.cloud.Fault = fault
		err := v.open().Batch(t.Context(), publish.BatchOptions{Input: "s3://rows/a.csv", Output: "s3://rows/out.json"})
		v.cloud.Fault = nil
		return v, err
	}
	var calls []string
	if _, err := run(t, func(operation string) publishtest.RequestFault {
		calls = append(calls, operation)
		return publishtest.NoFault
	}); err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for at, operation := range calls {
		if seen[operation] && !clouds.AllFaults() {
			continue
		}
		seen[operation] = true
		for _, fault := range []publishtest.RequestFault{publishtest.Throttled, publishtest.Internal, publishtest.LostReply, publishtest.Cut} {
			for _, times := range []int{1, attempts} {
				t.Run(fmt.Sprintf("%s_%d/%s/%d_times", operation, at, strings.ReplaceAll(string(fault), " ", "_"), times), func(t *testing.T) {
					n, left := 0, times
					v, err := run(t, func(now string) publishtest.RequestFault {
						if n++; n <= at || left == 0 || now != operation {
							return publishtest.NoFault
						}
						left--
						return fault
					})
					if err != nil && times == 1 {
						t.Errorf("it was noticed: %v", err)
					}
					v.cloud.Wait(time.Hour)
					if left := v.leftovers("rows/a.csv", "rows/out.json"); len(left) > 0 && (err == nil || !strings.Contains(operation, "s3:")) {
						t.Errorf("left: %v, after %v", left, err)
					}
					o := publish.BatchOptions{Input: "s3://rows/a.csv", Output: "s3://rows/out.json"}
					if err := v.open().Batch(t.Context(), o); err != nil {
						t.Errorf("again: %v", err)
					}
				})
			}
		}
	}
}
