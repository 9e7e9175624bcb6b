package azureml

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/deployfile/deployfile/internal/batch"
	"github.com/deployfile/deployfile/internal/testing/azurecloud"
	"github.com/deployfile/deployfile/internal/testing/clouds"
	spec "github.com/deployfile/deployfile/manifests/azureml"
	"github.com/deployfile/deployfile/publish"
	"github.com/deployfile/deployfile/publish/publishtest"
)

const (
	input  = "azureml://datastores/workspaceblobstore/paths/in/rows of today.csv"
	output = "azureml://datastores/workspaceblobstore/paths/out/answers.jsonl"
)

// batches returns an endpoint with a datastore that has the input.
func batches(t *testing.T) *verbs {
	v := begin(t, func(s *spec.Spec) { s.Env = map[string]string{"A": "b"} })
	v.cloud.Storage = t.TempDir()
	if err := os.MkdirAll(filepath.Join(v.cloud.Storage, "in"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(v.cloud.Storage, "in/rows of today.csv"), []byte("a\n1\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return v
}

// A batch runs the live release's image once, with the program that all targets have.
func TestBatch(t *testing.T) {
	v := batches(t)
	options := publish.BatchOptions{Input: input, Output: output, Timeout: time.Hour}
	var nothing *publish.NothingError
	if err := v.open().Batch(t.Context(), options); !errors.As(err, &nothing) {
		t.Errorf("%v", err)
	}
	v.Must("1")
	var ran azurecloud.Task
	v.cloud.Run = func(task azurecloud.Task) error { ran = task; return nil }
	if err := v.open().Batch(t.Context(), options); err != nil {
		t.Fatal(err)
	}
	const want = `BATCH_INPUT="/mnt/azureml/inputs/input/rows of today.csv" BATCH_OUTPUT="/mnt/azureml/outputs/output/answers.jsonl" python -c "$BATCH_PROGRAM" csv jsonl`
	if ran.Image != clouds.Image(repository, "1") || ran.Command != want || ran.Env["A"] != "b" || ran.Env["BATCH_PROGRAM"] != batch.Program() || ran.Env["PORT"] != "" {
		t.Errorf("%+v", ran)
	}
	v.cloud.Run = func(azurecloud.Task) error { return errors.New("out of memory") }
	var failed *JobError
	if err := v.open().Batch(t.Context(), options); !errors.As(err, &failed) || !strings.Contains(err.Error(), "is Failed; its log is at https://ml.azure.com/runs/iris-") {
		t.Errorf("%v", err)
	}
	missing := options
	missing.Input = strings.Replace(input, "rows", "no rows", 1)
	if err := v.open().Batch(t.Context(), missing); !errors.As(err, &failed) {
		t.Errorf("%v", err)
	}
	if got := v.cloud.Jobs(); len(got) != 3 || got[0] != "Completed" || !strings.HasPrefix(got[1], "Failed: azureml://") || got[2] != "Failed: out of memory" {
		t.Errorf("%q", got)
	}
}

// What is no file of a datastore is refused before anything runs.
func TestBatchPlaces(t *testing.T) {
	v := batches(t)
	v.Must("1")
	for in, want := range map[string]string{
		"rows.csv":                                   `the input of a batch at Azure must be azureml://datastores/NAME/paths/PATH, and not "rows.csv"`,
		"azureml://datastores/a/paths/":              "must be azureml",
		"azureml://datastores/a/paths/../x.csv":      "must be azureml",
		"azureml://datastores/a/b/paths/x.csv":       "must be azureml",
		"azureml://datastores/a/paths/$(reboot).csv": "must be azureml",
		"azureml://datastores/a/paths/`reboot`.csv":  "must be azureml",
		"azureml://datastores/a/paths/x\".csv":       "must be azureml",
		"azureml://datastores/a/paths/x.txt":         "the input must end in .csv, .json, .jsonl, .parquet",
	} {
		if err := v.open().Batch(t.Context(), publish.BatchOptions{Input: in, Output: output}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", in, err)
		}
	}
	if got := v.cloud.Jobs(); len(got) > 0 {
		t.Errorf("%q", got)
	}
}

// A batch that is given up ends, also if the answer that it was started got lost.
func TestBatchEnds(t *testing.T) {
	v := batches(t)
	v.Must("1")
	end := make(chan struct{})
	v.cloud.Run = func(azurecloud.Task) error { <-end; return nil }
	ctx, cancel := context.WithCancel(t.Context())
	said := func(line string) {
		if strings.Contains(line, "is Running") {
			cancel()
		}
	}
	if err := v.open().Batch(ctx, publish.BatchOptions{Input: input, Output: output, Progress: said}); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
	if got := v.cloud.Jobs(); !slices.Equal(got, []string{"Canceled"}) {
		t.Errorf("%q", got)
	}
	close(end)
	for _, operation := range []string{"put job", "get job"} {
		for _, fault := range []publishtest.RequestFault{publishtest.Throttled, publishtest.Internal, publishtest.Cut, publishtest.LostReply} {
			once := false
			v.cloud.Fault = func(o string) publishtest.RequestFault {
				if o == operation && !once {
					once = true
					return fault
				}
				return publishtest.NoFault
			}
			if err := v.open().Batch(t.Context(), publish.BatchOptions{Input: input, Output: output}); err != nil || !once {
				t.Errorf("%s, %v: %v", operation, fault, err)
			}
		}
	}
	if got := v.cloud.Jobs(); slices.ContainsFunc(got[1:], func(s string) bool { return s != "Completed" }) {
		t.Errorf("%q", got)
	}
}
