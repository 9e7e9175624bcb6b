//go:build integration && clouds

package sagemaker

import (
	"crypto/rand"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/deployfile/deployfile/internal/testing/lab"
)

// TestModelData deploys models in a real S3 server with one environment image. MLflow's own
// server answers from what SageMaker mounts, and starts with no other files.
func TestModelData(t *testing.T) {
	u := newUser(t, lab.Example(t, shared.Parts, "../../examples/iris"), "network-isolation = true\nmodel-data = \"s3://models/flowers\"\n")
	s3 := lab.StartS3As(t, lab.Loopback(), lab.S3{Region: u.cloud.Region, AccessKey: u.Environment["AWS_ACCESS_KEY_ID"], SecretKey: u.Environment["AWS_SECRET_ACCESS_KEY"]}, "models")
	u.Environment["AWS_ENDPOINT_URL_S3"], u.cloud.Buckets, u.cloud.Step = s3.URL, s3.Dir, 10*time.Minute
	bucket := filepath.Join(s3.Dir, "models") // beside it are locks of the server's
	u.Run(t, append([]string{"lock"}, u.BuildContexts()...)...)
	image := u.Build(t, "--target", "env-model-data")
	predicts := func() {
		t.Helper()
		if out := u.Run(t, "predict", "--target", "aws", "-i", "model/serving_input_example.json"); !strings.Contains(out, `"predictions"`) {
			t.Errorf("the answer is %s", out)
		}
	}
	named := append([]string{"--image", image}, u.BuildContexts()...)
	deploy, diff := append([]string{"deploy", "aws"}, named...), append([]string{"diff", "--target", "aws"}, named...)
	u.Run(t, deploy...)
	predicts()
	u.Run(t, diff...)

	// Another model, with a file that goes up in parts.
	large := make([]byte, 20<<20)
	_, _ = rand.Read(large)
	u.Write(t, "model/large.bin", string(large))
	if _, _, err := u.Try(t, diff...); err == nil {
		t.Error("another model is no difference")
	}
	u.Run(t, deploy...)
	if len(placed(t, bucket, "/large.bin")) != 1 {
		t.Errorf("in S3: %v", placed(t, bucket, ""))
	}
	predicts()
	if _, log, err := u.Try(t, "predict", "--target", "aws", "--batch", "s3://models/in/", "s3://models/out/"); err == nil || !strings.Contains(log, "no batch with a model from S3") {
		t.Errorf("%v\n%s", err, log)
	}
	u.Run(t, "rollback", "aws")

	// Somebody changes a file of what is served: no new instance starts with it.
	for _, path := range placed(t, bucket, "MLmodel") {
		content, err := os.ReadFile(path)
		if err == nil {
			err = os.WriteFile(path, []byte(strings.Replace(string(content), "sklearn", "sklearm", 1)), 0o644)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	u.Write(t, "Deployfile", u.Read(t, "Deployfile")+"env = { ATTEMPT = \"2\" }\n")
	_, log, err := u.Try(t, deploy...)
	if err == nil || !strings.Contains(log, "does not have the files of the model that was deployed") || !strings.Contains(log, "is served again") {
		t.Errorf("%v\n%s", err, log)
	}
	predicts()
	u.Run(t, "delete", "aws", "--yes")
	if left := append(u.cloud.There(), placed(t, bucket, "")...); len(left) > 0 {
		t.Errorf("left: %v", left)
	}
}

// placed returns the files below a directory whose names end so.
func placed(t *testing.T, dir, suffix string) (out []string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() && strings.HasSuffix(path, suffix) {
			out = append(out, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}
