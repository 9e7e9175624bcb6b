//go:build integration && clouds

package sagemaker

import (
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/deployfile/deployfile/internal/testing/clouds/endtoend"
	"github.com/deployfile/deployfile/internal/testing/lab"
)

// TestCanary shows that no request fails, and who answers.
func TestCanary(t *testing.T) {
	u := newUser(t, shared.Project(t), "strategy = \"canary\"\nweight = 10\n")
	if out := endtoend.Canary(t, u.User, uid, "ping health check", u.cloud.There); !strings.Contains(out, "ModuleNotFoundError") {
		t.Errorf("the log is %q", out)
	}
}

// TestRefusedImage shows that CreateModel reads the manifest.
func TestRefusedImage(t *testing.T) {
	u := newUser(t, shared.Project(t), "")
	_, log, err := u.Try(t, "deploy", "aws", "--image", ecr+"/iris@sha256:"+strings.Repeat("0", 64))
	if err == nil || !strings.Contains(log, "not found") || !strings.Contains(log, "create model iris-r1") {
		t.Errorf("%v\n%s", err, log)
	}
	if left := u.cloud.There(); len(left) > 0 {
		t.Errorf("left: %v", left)
	}
}

// TestAccountScript runs at the double what is there for a real account.
func TestAccountScript(t *testing.T) {
	u := newUser(t, lab.Example(t, shared.Parts, "../../examples/iris"), "")
	script, err := filepath.Abs("../../hack/sagemaker-account.sh")
	if err != nil {
		t.Fatal(err)
	}
	// Each look sees the end of what was asked for: the program looks every ten seconds.
	u.cloud.Step = 10 * time.Minute
	image := u.Build(t)
	cmd := u.Command(t.Context(), script, ecr+"/iris", "arn:aws:iam::123456789012:role/Iris", "s3://staging/tmp")
	cmd.Env = append(cmd.Env, "IMAGE="+image, "XDG_CACHE_HOME="+t.TempDir())
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
	if left := u.cloud.There(); len(left) > 0 {
		t.Errorf("left: %v", left)
	}
}
