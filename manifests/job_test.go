package manifests_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"strings"
	"testing"
	"time"

	. "github.com/deployfile/deployfile/manifests"
	"github.com/deployfile/deployfile/manifests/cluster"
)

func batch(change func(*cluster.Batch)) cluster.Batch {
	b := cluster.Batch{Name: "iris-prod-batch-1", Input: "pvc://data/in/iris.csv", Output: "pvc://data/out/iris.parquet"}
	if change != nil {
		change(&b)
	}
	return b
}

func TestBatchJob(t *testing.T) {
	signed := "https://files.example.com/out.jsonl?signature=s3cr3t"
	for name, x := range map[string]struct {
		release func(*Release)
		batch   func(*cluster.Batch)
	}{
		"claim": {nil, nil},
		"claims": {nil, func(b *cluster.Batch) {
			b.Output, b.Timeout = "pvc://results/iris.json", 90*time.Minute+time.Millisecond
		}},
		"log": {nil, func(b *cluster.Batch) {
			b.Input, b.InputFormat, b.Content = "-", "csv", []byte("a,b\n1,2\n")
			b.Output, b.OutputFormat = "-", "csv"
		}},
		"s3": {func(r *Release) {
			pod(r).EnvFrom = []string{"secret/bucket"}
			pod(r).Env = map[string]string{"BATCH_INPUT": "mine", "AWS_REGION": "eu-central-1"}
			pod(r).ServiceAccount = &cluster.ServiceAccount{Name: "reader", Create: true}
			pod(r).Resources = resources("2", "4Gi", 1)
		}, func(b *cluster.Batch) { b.Input, b.Output = "s3://bucket/$(in)/iris.json", "s3://bucket/out/50%?#.csv" }},
		"https": {nil, func(b *cluster.Batch) {
			b.Input, b.Output = "HTTPS://files.example.com/in.csv?signature=s3cr3t", signed
		}},
		"model-volume": {modelVolume, nil},
		"kserve":       {both(onKServe, modelVolume), nil},
		"modelcar":     {both(onKServe, modelcar), nil},
		"any-user":     {func(r *Release) { r.User = "" }, nil},
	} {
		t.Run(name, func(t *testing.T) {
			r := clusterRelease(x.release)
			documents, err := cluster.BatchJob(r, batch(x.batch))
			if err != nil {
				t.Fatal(err)
			}
			again, err := cluster.BatchJob(r, batch(x.batch))
			if err != nil || !bytes.Equal(joined(documents), joined(again)) {
				t.Errorf("rendered again: %v", err)
			}
			for _, d := range documents {
				strict(t, d)
				if !strings.Contains(d.Name, "secret") && bytes.Contains(d.Body, []byte("s3cr3t")) {
					t.Errorf("%s has what is secret", d.Name)
				}
			}
			if last := documents[len(documents)-1].Name; last != "job-batch-1.yaml" {
				t.Errorf("the last is %s", last)
			}
			// The program has a test of its own.
			goldenFile(t, "batch-"+name+".yaml", withoutProgram(t, joined(documents)))
		})
	}
}

func withoutProgram(t *testing.T, documents []byte) []byte {
	t.Helper()
	before, rest, found := bytes.Cut(documents, []byte("        - |\n"))
	_, after, ends := bytes.Cut(rest, []byte("\n          main()\n"))
	if !found || !ends {
		t.Fatalf("no program in\n%s", documents)
	}
	return bytes.Join([][]byte{before, []byte("        - PROGRAM\n"), after}, nil)
}

func TestBatchJobErrors(t *testing.T) {
	for name, x := range map[string]struct {
		release func(*Release)
		batch   func(*cluster.Batch)
		want    string
	}{
		"a format":       {nil, func(b *cluster.Batch) { b.Input = "pvc://data/iris.xlsx" }, "the input must end in .csv, .json, .jsonl, .parquet"},
		"no format":      {nil, func(b *cluster.Batch) { b.Output = "-" }, "the output must end in .csv"},
		"a path":         {nil, func(b *cluster.Batch) { b.Input = "iris.csv" }, "the input must be pvc://CLAIM/PATH, s3://BUCKET/KEY"},
		"another scheme": {nil, func(b *cluster.Batch) { b.Output = "gs://bucket/iris.csv" }, "the output must be pvc://CLAIM/PATH"},
		"a user":         {nil, func(b *cluster.Batch) { b.Input, b.InputFormat = "https://ann:s3cr3t@files.example.com/in.csv", "csv" }, "the input must be a URL without a user"},
		"a space": {nil, func(b *cluster.Batch) {
			b.Input, b.InputFormat = "https://files.example.com/in%20 file.csv?s3cr3t", "csv"
		}, "the input must be a URL without a user and without spaces"},
		"no URL":           {nil, func(b *cluster.Batch) { b.Input, b.InputFormat = "https://a b:s3cr3t/%zz", "csv" }, "the input is not a URL"},
		"no path":          {nil, func(b *cluster.Batch) { b.Output, b.OutputFormat = "s3://bucket/", "csv" }, "the output must be pvc://CLAIM/PATH, s3"},
		"a directory":      {nil, func(b *cluster.Batch) { b.Output, b.OutputFormat = "s3://bucket/out/", "csv" }, "the output must be pvc://CLAIM/PATH, s3"},
		"a user's bucket":  {nil, func(b *cluster.Batch) { b.Input = "s3://me:s3cr3t@bucket/iris.csv" }, "the input must be pvc://CLAIM/PATH, s3"},
		"a claim's query":  {nil, func(b *cluster.Batch) { b.Input = "pvc://data/iris.csv?version=1" }, "with a plain path"},
		"no claim":         {nil, func(b *cluster.Batch) { b.Input = "pvc:///iris.csv" }, "the input must be pvc://CLAIM/PATH"},
		"out of the claim": {nil, func(b *cluster.Batch) { b.Input = "pvc://data/../iris.csv" }, "with a plain path"},
		"too much": {nil, func(b *cluster.Batch) {
			b.Input, b.InputFormat, b.Content = "-", "csv", make([]byte, cluster.MaxBatchContent+1)
		}, "the input has 1048577 bytes, and a cluster takes 1048576"},
		"a name":      {nil, func(b *cluster.Batch) { b.Name = "cluster.Batch 1" }, `Job "cluster.Batch 1" cannot be called that`},
		"no registry": {func(r *Release) { r.Image = digest("1") }, nil, "registry"},
		"no model":    {func(r *Release) { pod(r).ModelVolume = true }, nil, "build the model's own image"},
		"user":        {func(r *Release) { r.User = "me" }, nil, "not numeric"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := cluster.BatchJob(clusterRelease(x.release), batch(x.batch))
			if err == nil || !strings.Contains(err.Error(), `target "prod": `) || !strings.Contains(err.Error(), x.want) {
				t.Fatalf("got %v, want %q", err, x.want)
			}
			if strings.Contains(err.Error(), "s3cr3t") {
				t.Errorf("it says what is secret: %v", err)
			}
		})
	}
}

func TestBatchOutput(t *testing.T) {
	content := []byte(strings.Repeat("prediction\n", 100))
	block := func(content []byte, sum string) string {
		var lines strings.Builder
		encoded := base64.StdEncoding.EncodeToString(content)
		for len(encoded) > 76 {
			lines.WriteString(encoded[:76] + "\n")
			encoded = encoded[76:]
		}
		return "-----BEGIN BATCH OUTPUT-----\n" + lines.String() + encoded + "\n-----END BATCH OUTPUT " + sum + "-----\n"
	}
	sum := fmt.Sprintf("%x", sha256.Sum256(content))
	whole := block(content, sum)
	for name, x := range map[string]struct{ log, want, err string }{
		"whole":          {"batch: 100 rows\n" + whole + "batch: done\n", string(content), ""},
		"empty":          {block(nil, fmt.Sprintf("%x", sha256.Sum256(nil))), "", ""},
		"begun twice":    {"-----BEGIN BATCH OUTPUT-----\nAAAA\n" + whole, string(content), ""},
		"nothing":        {"batch: 100 rows\n", "", "does not have the predictions"},
		"cut off":        {whole[:len(whole)-80], "", "not to their end"},
		"a line missing": {strings.Replace(whole, whole[29:29+77], "", 1), "", "their digest is another"},
		"a line between": {strings.Replace(whole, "\n-----END", "\nbatch: done\n-----END", 1), "", "damaged"},
		"a long line":    {strings.Repeat("x", 1<<20) + "\n" + whole, string(content), ""},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := cluster.BatchOutput(strings.NewReader(x.log))
			if x.err == "" && err != nil || x.err != "" && (err == nil || !strings.Contains(err.Error(), x.err)) {
				t.Fatalf("got %v, want %q", err, x.err)
			}
			equal(t, "content", x.want, string(got))
		})
	}
}
