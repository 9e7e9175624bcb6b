//go:build integration

package batch

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	kubernetesspec "github.com/deployfile/deployfile/manifests/kubernetes"
	"github.com/google/go-cmp/cmp"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/yaml"

	"github.com/deployfile/deployfile/deployfile"
	"github.com/deployfile/deployfile/internal/testing/lab"
	"github.com/deployfile/deployfile/manifests"
	"github.com/deployfile/deployfile/manifests/cluster"
)

// batches are what the tests share: an interpreter and a model.
type batches struct{ python, model, rows string }

var shared batches

func TestMain(m *testing.M) {
	lab.Main(m, func(m *testing.M) (int, error) {
		parts, err := lab.FindParts("./integration/batch/")
		if err != nil {
			return 1, err
		}
		dir, err := os.MkdirTemp("", "deployfile-")
		if err != nil {
			return 1, err
		}
		defer func() { _ = os.RemoveAll(dir) }()
		shared = batches{python: parts.Python, model: filepath.Join(dir, "model"), rows: filepath.Join(dir, "rows")}
		if err := os.Mkdir(shared.rows, 0o700); err != nil {
			return 1, err
		}
		c := exec.Command(parts.Python, "testdata/model.py", shared.model, shared.rows)
		c.Env = append(os.Environ(), "MLFLOW_DISABLE_TELEMETRY=true", "PYTHONDONTWRITEBYTECODE=1")
		if out, err := c.CombinedOutput(); err != nil {
			return 1, fmt.Errorf("%w\n%s", err, out)
		}
		return m.Run(), nil
	})
}

// run does what the cluster does with a Job, and returns its log. The variables
// are added, or take the place of the Job's.
func run(t *testing.T, b cluster.Batch, env map[string]string) (log string, err error) {
	t.Helper()
	b.Name = "plus-batch"
	documents, err := cluster.BatchJob(manifests.Release{
		Model: "plus", Image: "plus@sha256:1", User: "65532:65532",
		Target: deployfile.Target{Name: "prod", Kind: "kubernetes", Endpoint: "plus", Spec: &kubernetesspec.Spec{}},
	}, b)
	if err != nil {
		t.Fatal(err)
	}
	var job batchv1.Job
	values := map[string]string{}
	for _, d := range documents {
		var secret corev1.Secret
		switch {
		case strings.HasPrefix(d.Name, "secret"):
			err = yaml.UnmarshalStrict(d.Body, &secret)
			values = secret.StringData
		case strings.HasPrefix(d.Name, "job"):
			err = yaml.UnmarshalStrict(d.Body, &job)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	c := job.Spec.Template.Spec.Containers[0]
	if c.Command[0] != "python" {
		t.Fatalf("the command is %q", c.Command[0])
	}
	command := exec.CommandContext(t.Context(), shared.python)
	for _, argument := range c.Command[1:] {
		command.Args = append(command.Args, strings.ReplaceAll(argument, "$$", "$"))
	}
	command.Dir = shared.model
	command.Env = append(os.Environ(), "MODEL_PATH="+shared.model, "MLFLOW_DISABLE_TELEMETRY=true", "NO_PROXY=127.0.0.1,localhost", "no_proxy=127.0.0.1,localhost")
	for name, value := range env {
		command.Env = append(command.Env, name+"="+value)
	}
	for _, v := range c.Env {
		if _, given := env[v.Name]; given {
			continue
		}
		value := strings.ReplaceAll(v.Value, "$$", "$")
		if v.ValueFrom != nil {
			value = values[v.ValueFrom.SecretKeyRef.Key]
		}
		command.Env = append(command.Env, v.Name+"="+value)
	}
	var out bytes.Buffer
	command.Stdout, command.Stderr = &out, &out
	err = command.Run()
	return out.String(), err
}

// local runs with paths in the place of what the cluster would mount.
func local(t *testing.T, input, output string) (string, error) {
	t.Helper()
	return run(t, cluster.Batch{Input: "pvc://data/" + filepath.Base(input), Output: "pvc://data/" + filepath.Base(output)},
		map[string]string{"BATCH_INPUT": input, "BATCH_OUTPUT": output})
}

// plus is a column of a+b, for a from 0, b twice that.
func plus(rows int, first, format string) string {
	var b strings.Builder
	b.WriteString(first)
	for i := range rows {
		fmt.Fprintf(&b, format, 3*i)
	}
	return b.String()
}

func TestFormats(t *testing.T) {
	for _, input := range []string{"rows.csv", "rows.jsonl", "rows.parquet", "records.json", "split.json"} {
		t.Run(input, func(t *testing.T) {
			output := filepath.Join(t.TempDir(), "made", "out.csv")
			log, err := local(t, filepath.Join(shared.rows, input), output)
			if err != nil {
				t.Fatalf("%v\n%s", err, log)
			}
			got, err := os.ReadFile(output)
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(plus(25_000, "prediction\n", "%d\n"), string(got)); d != "" {
				t.Error(d)
			}
			// In chunks, and what the model prints is in the log.
			if strings.Count(log, " rows\n") != 3 || !strings.Contains(log, "batch: 25000 rows\n") || !strings.Contains(log, "the model is at work") {
				t.Errorf("log:\n%s", log)
			}
			rest, err := filepath.Glob(filepath.Dir(output) + "/*")
			if d := cmp.Diff([]string{output}, rest); d != "" || err != nil {
				t.Errorf("%v %s", err, d)
			}
		})
	}
	for output, want := range map[string]string{
		"out.json":  `{"predictions": [` + strings.TrimSuffix(plus(3, "", "%d, "), ", ") + "]}",
		"out.jsonl": plus(3, "", "%d\n"),
	} {
		t.Run(output, func(t *testing.T) {
			output := filepath.Join(t.TempDir(), output)
			log, err := local(t, filepath.Join(shared.rows, "few.csv"), output)
			if err != nil {
				t.Fatalf("%v\n%s", err, log)
			}
			got, err := os.ReadFile(output)
			if err != nil || string(got) != want {
				t.Errorf("%v %s, want %s", err, got, want)
			}
		})
	}
	t.Run("out.parquet", func(t *testing.T) {
		output := filepath.Join(t.TempDir(), "out.parquet")
		log, err := local(t, filepath.Join(shared.rows, "few.csv"), output)
		if err != nil {
			t.Fatalf("%v\n%s", err, log)
		}
		got, err := exec.Command(shared.python, "-c", "import pandas, sys; print(pandas.read_parquet(sys.argv[1]).to_csv(index=False))", output).Output()
		if err != nil || strings.TrimSpace(string(got)) != strings.TrimSpace(plus(3, "prediction\n", "%d\n")) {
			t.Errorf("%v %s", err, got)
		}
	})
}

// TestTypes shows that the columns have the types of the model's signature,
// whatever they look like, and that no rows give no predictions.
func TestTypes(t *testing.T) {
	for input, want := range map[string]string{"a,b\n1.0,2\n": "prediction\n3\n", "a,b\n": "prediction\n"} {
		file := filepath.Join(t.TempDir(), "in.csv")
		if err := os.WriteFile(file, []byte(input), 0o600); err != nil {
			t.Fatal(err)
		}
		log, err := run(t, cluster.Batch{Input: "pvc://data/in.csv", Output: "-", OutputFormat: "csv"}, map[string]string{"BATCH_INPUT": file})
		if err != nil {
			t.Fatalf("%v\n%s", err, log)
		}
		got, err := cluster.BatchOutput(strings.NewReader(log))
		if err != nil || string(got) != want {
			t.Errorf("%q: %v %q\n%s", input, err, got, log)
		}
	}
}

func TestLog(t *testing.T) {
	log, err := run(t, cluster.Batch{Input: "pvc://data/rows.csv", Output: "-", OutputFormat: "csv"},
		map[string]string{"BATCH_INPUT": filepath.Join(shared.rows, "rows.csv")})
	if err != nil {
		t.Fatalf("%v\n%s", err, log)
	}
	got, err := cluster.BatchOutput(strings.NewReader(log))
	if err != nil || string(got) != plus(25_000, "prediction\n", "%d\n") {
		t.Errorf("%v %d bytes", err, len(got))
	}
	log, err = run(t, cluster.Batch{Input: "pvc://data/many.csv", Output: "-", OutputFormat: "jsonl"},
		map[string]string{"BATCH_INPUT": filepath.Join(shared.rows, "many.csv")})
	if err == nil || !strings.Contains(log, "too many for the log: write them to pvc://, s3:// or https://") {
		t.Errorf("%v\n%s", err, log)
	}
}

// TestFailure shows that a run that fails leaves no output.
func TestFailure(t *testing.T) {
	for name, x := range map[string]struct{ input, want string }{
		"negative.csv": {"a,b\n-1,2\n", "ValueError: a must not be negative\nbatch: error: the model failed on the rows after 0 (above)\n"},
		"ragged.csv":   {"a,b\n" + strings.Repeat("1,2\n", 10_000) + "1,2,3\n", "ragged.csv beyond 10000 rows: ParserError: "},
		"no-b.csv":     {"a\n1\n", "is missing inputs ['b']"},
		"empty.csv":    {"", "empty.csv as csv: EmptyDataError: "},
		"text.jsonl":   {"{\"a\": 1, \"b\": 2}\ntext\n", "text.jsonl beyond 0 rows: JSONDecodeError: "},
		"other.json":   {`{"rows": []}`, "other.json as json: MlflowException: "},
		"text.json":    {`"text"`, "text.json as json: "},
		"csv.parquet":  {"a,b\n1,2\n", "csv.parquet as parquet: ArrowInvalid: "},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			file := filepath.Join(dir, name)
			if err := os.WriteFile(file, []byte(x.input), 0o600); err != nil {
				t.Fatal(err)
			}
			log, err := local(t, file, filepath.Join(dir, "out.csv"))
			if err == nil || !strings.Contains(log, x.want) {
				t.Errorf("%v, want %q\n%s", err, x.want, log)
			}
			rest, err := filepath.Glob(dir + "/*")
			if d := cmp.Diff([]string{file}, rest); d != "" || err != nil {
				t.Errorf("%v %s", err, d)
			}
		})
	}
}

// TestNoPart shows that an output that cannot be put in its place leaves
// nothing beside it.
func TestNoPart(t *testing.T) {
	dir := t.TempDir()
	output := filepath.Join(dir, "out.csv")
	if err := os.Mkdir(output, 0o700); err != nil {
		t.Fatal(err)
	}
	log, err := local(t, filepath.Join(shared.rows, "few.csv"), output)
	if err == nil || !strings.Contains(log, "batch: error: cannot write "+output+": Is a directory\n") {
		t.Errorf("%v\n%s", err, log)
	}
	rest, err := filepath.Glob(dir + "/*")
	if d := cmp.Diff([]string{output}, rest); d != "" || err != nil {
		t.Errorf("%v %s", err, d)
	}
}
