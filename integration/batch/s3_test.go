//go:build integration

package batch

import (
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/deployfile/deployfile/internal/testing/lab"
	"github.com/deployfile/deployfile/manifests/cluster"
)

const odd = "50% of a?b#c&d=ä.csv"

// store is a server of S3 with the bucket "data", in which the tests' rows are.
func store(t *testing.T) (*lab.S3, map[string]string) {
	t.Helper()
	s := lab.StartS3(t, lab.Loopback(), "data")
	if err := os.CopyFS(filepath.Join(s.Dir, "data", "in"), os.DirFS(shared.rows)); err != nil {
		t.Fatal(err)
	}
	// Names that a URL would read otherwise.
	if err := os.WriteFile(filepath.Join(s.Dir, "data", "in", odd), []byte("a,b\n1,2\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	env := s.Env()
	// Nothing of the machine's own, and nobody is asked for credentials.
	env["AWS_EC2_METADATA_DISABLED"] = "true"
	env["AWS_CONFIG_FILE"], env["AWS_SHARED_CREDENTIALS_FILE"] = os.DevNull, os.DevNull
	return s, env
}

func object(t *testing.T, s *lab.S3, name string) string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(s.Dir, "data", name))
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func TestS3(t *testing.T) {
	s, env := store(t)
	few := plus(3, "prediction\n", "%d\n")
	for name, x := range map[string]struct {
		input, output, want string
		env                 map[string]string
	}{
		"csv": {"in/" + odd, "made/" + odd, "prediction\n3\n", nil},
		// Larger than what boto3 asks for at once.
		"in parts":                {"in/many.csv", "many.csv", "prediction\n" + strings.Repeat(plus(25_000, "", "%d\n"), 32), nil},
		"jsonl":                   {"in/rows.jsonl", "out.jsonl", plus(25_000, "", "%d\n"), nil},
		"json from parquet":       {"in/rows.parquet", "out.json", `{"predictions": [` + strings.TrimSuffix(plus(25_000, "", "%d, "), ", ") + "]}", nil},
		"an endpoint for all":     {"in/few.csv", "all.csv", few, map[string]string{"AWS_ENDPOINT_URL_S3": "", "AWS_ENDPOINT_URL": s.URL, "AWS_DEFAULT_REGION": "us-east-1"}},
		"an endpoint as MLflow's": {"in/few.csv", "mlflow.csv", few, map[string]string{"AWS_ENDPOINT_URL_S3": "http://127.0.0.1:1", "MLFLOW_S3_ENDPOINT_URL": s.URL}},
		"an endpoint with a name": {"in/few.csv", "name.csv", few, map[string]string{"AWS_ENDPOINT_URL_S3": strings.Replace(s.URL, "127.0.0.1", "localhost", 1), "MLFLOW_S3_ENDPOINT_URL": ""}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			all := maps.Clone(env)
			maps.Copy(all, x.env)
			log, err := run(t, cluster.Batch{Input: "s3://data/" + x.input, Output: "s3://data/" + x.output}, all)
			if err != nil {
				t.Fatalf("%v\n%s", err, log)
			}
			if d := cmp.Diff(x.want, object(t, s, x.output)); d != "" {
				t.Error(d)
			}
			if !strings.HasSuffix(log, "batch: wrote s3://data/"+x.output+"\n") || strings.Contains(log, s.SecretKey) {
				t.Errorf("the log:\n%s", log)
			}
		})
	}
	t.Run("to parquet", func(t *testing.T) {
		log, err := run(t, cluster.Batch{Input: "s3://data/in/few.csv", Output: "s3://data/out.parquet"}, env)
		if err != nil {
			t.Fatalf("%v\n%s", err, log)
		}
		got, err := exec.Command(shared.python, "-c", "import pandas, sys; print(pandas.read_parquet(sys.argv[1]).to_csv(index=False), end='')",
			filepath.Join(s.Dir, "data", "out.parquet")).Output()
		if err != nil || string(got) != few {
			t.Errorf("%v %q", err, got)
		}
	})
}

// TestS3Failure shows one line for each reason, in the words of the server.
func TestS3Failure(t *testing.T) {
	s, env := store(t)
	without := filepath.Join(t.TempDir(), "boto3.py")
	if err := os.WriteFile(without, []byte("raise ImportError('there is none')\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	const good = "s3://data/in/few.csv"
	for name, x := range map[string]struct {
		input, output string
		env           map[string]string
		want          string
	}{
		"no bucket": {"s3://nowhere/few.csv", "s3://data/out.csv", nil,
			"cannot read s3://nowhere/few.csv: NoSuchBucket: The specified bucket does not exist"},
		"no key": {"s3://data/in/none.csv", "s3://data/out.csv", nil,
			"cannot read s3://data/in/none.csv: NoSuchKey: The specified key does not exist."},
		"no bucket for the output": {good, "s3://nowhere/out.csv", nil,
			"cannot write s3://nowhere/out.csv: NoSuchBucket: The specified bucket does not exist"},
		"another key": {good, "s3://data/out.csv", map[string]string{"AWS_ACCESS_KEY_ID": "SOMEBODY"},
			"cannot read " + good + ": XAdminUserNotFound: No user exists with the provided access key ID."},
		"another secret": {good, "s3://data/out.csv", map[string]string{"AWS_SECRET_ACCESS_KEY": "s3cr3t-of-another"},
			"cannot read " + good + ": SignatureDoesNotMatch: "},
		"no credentials": {good, "s3://data/out.csv", map[string]string{"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": ""},
			"cannot read " + good + ": NoCredentialsError: Unable to locate credentials"},
		"a line's end in the token": {good, "s3://data/out.csv", map[string]string{"AWS_SESSION_TOKEN": "s3cr3t-token\n"},
			"cannot read " + good + ": HTTPClientError: An HTTP Client raised an unhandled exception: Invalid header value b'$AWS_SESSION_TOKEN"},
		"no region": {good, "s3://data/out.csv", map[string]string{"AWS_DEFAULT_REGION": "eu central"},
			"cannot read " + good + ": InvalidRegionError: "},
		"no endpoint": {good, "s3://data/out.csv", map[string]string{"AWS_ENDPOINT_URL_S3": "store.example.com"},
			"cannot read " + good + ": ValueError: Invalid endpoint: store.example.com"},
		"nobody there": {good, "s3://data/out.csv", map[string]string{"AWS_ENDPOINT_URL_S3": "http://127.0.0.1:1", "AWS_MAX_ATTEMPTS": "1"},
			"cannot read " + good + `: EndpointConnectionError: Could not connect to the endpoint URL: "http://127.0.0.1:1/data/in/few.csv"`},
		"no boto3": {good, "s3://data/out.csv", map[string]string{"PYTHONPATH": filepath.Dir(without)},
			good + ": the image has no boto3: add it to a file of [environment] requirements, and build again"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			all := maps.Clone(env)
			maps.Copy(all, x.env)
			log, err := run(t, cluster.Batch{Input: x.input, Output: x.output}, all)
			lines := strings.Split(strings.TrimSpace(log), "\n")
			if last := lines[len(lines)-1]; err == nil || !strings.HasPrefix(last, "batch: error: "+x.want) {
				t.Errorf("%v, want %q\n%s", err, x.want, log)
			}
			if strings.Contains(log, "s3cr3t") || strings.Contains(log, "Traceback") {
				t.Errorf("the log:\n%s", log)
			}
			if _, err := os.Stat(filepath.Join(s.Dir, "data", "out.csv")); err == nil {
				t.Error("there is an output")
			}
		})
	}
}
