//go:build integration

package sagemaker

import (
	"strings"
	"testing"
)

// TestChecked shows that what SageMaker would refuse is known before the build, at the key's
// line: there is no builder here.
func TestChecked(t *testing.T) {
	u := newUser(t, shared.Project(t), "replicas = 3\n")
	u.Environment["BUILDKIT_HOST"] = "tcp://127.0.0.1:1"
	u.cloud.Quota = map[string]int{"ml.m5.large": 2}
	u.cloud.Trust = map[string]string{"Iris": `{"Statement": {"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}}`}
	_, log, err := u.Try(t, "deploy", "aws")
	for _, want := range []string{
		"Deployfile:", "replicas = 3", "your account may run 2 instances of ml.m5.large",
		"execution-role = ", "does not let sagemaker.amazonaws.com assume it", "service-quotas request-service-quota-increase",
	} {
		if err == nil || !strings.Contains(log, want) {
			t.Errorf("%q is missing: %v\n%s", want, err, log)
		}
	}
	for _, call := range u.cloud.Calls() {
		if strings.HasPrefix(call, "Create") || strings.HasPrefix(call, "ecr:Create") {
			t.Errorf("%s was asked for", call)
		}
	}
}
