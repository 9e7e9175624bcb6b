//go:build integration

package sagemaker

import (
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"

	"github.com/deployfile/deployfile/internal/testing/awscloud"
)

// loaded are AWS's descriptions of its services, which take a second to read.
var loaded = sync.OnceValues(func() (func(operation string, input bool, body []byte) error, error) {
	out, err := exec.Command(os.Getenv("DEPLOYFILE_TEST_PYTHON"), "-c", "import botocore, os; print(os.path.dirname(botocore.__file__) + '/data')").Output()
	if err != nil {
		return nil, err
	}
	return awscloud.LoadShapes(strings.TrimSpace(string(out)))
})

// shapes checks each request and answer by AWS's own descriptions of its services.
func shapes(t testing.TB) func(operation string, input bool, body []byte) error {
	t.Helper()
	check, err := loaded()
	if err != nil {
		t.Fatalf("descriptions of AWS's services: %v", err)
	}
	return check
}

// TestShapes shows that the checks find something.
func TestShapes(t *testing.T) {
	check := shapes(t)
	for body, want := range map[string]string{
		`{"ModelName": "iris-r1"}`:           "",
		`{}`:                                 "ModelName is missing",
		`{"ModelName": "iris_r1"}`:           "does not match",
		`{"ModelName": "iris", "Name": "x"}`: "Name is unknown",
		`{"ModelName": 1}`:                   "is no string",
		`{"ModelName": "i", "ExecutionRoleArn": "role"}`:                                                      "does not match",
		`{"ModelName": "i", "PrimaryContainer": {"Mode": "Few"}}`:                                             "none of 2 values",
		`{"ModelName": "i", "PrimaryContainer": {"Environment": {"A": "` + strings.Repeat("a", 1025) + `"}}}`: "out of range",
		`{"ModelName": "i", "VpcConfig": {"Subnets": ["subnet-1"], "SecurityGroupIds": []}}`:                  "out of range",
		`{"ModelName": "i", "Tags": [{"Key": "deployfile:record-00", "Value": "{}"}]}`:                        "does not match",
		`{"ModelName": "i", "Tags": [{"Key": "deployfile:record-00", "Value": "H4sIAAAA+/=="}]}`:              "",
		`{"ModelName": "` + strings.Repeat("i", 64) + `"}`:                                                    "out of range",
	} {
		err := check("CreateModel", true, []byte(body))
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", body, err, want)
		}
	}
}
