package sagemaker

import (
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/deployfile/deployfile/internal/testing/awscloud"
	"github.com/deployfile/deployfile/manifests"
	spec "github.com/deployfile/deployfile/manifests/sagemaker"
	"github.com/deployfile/deployfile/publish"
)

// documented returns the policies of the page: the execution role's, the caller's, and the
// statements that keys need.
func documented(t *testing.T) (policies []*awscloud.Policy, more []awscloud.Statement) {
	t.Helper()
	page, err := os.ReadFile("../../docs/targets/sagemaker.md")
	if err != nil {
		t.Fatal(err)
	}
	for n, block := range strings.Split(string(page), "```json\n") {
		text, _, _ := strings.Cut(strings.ReplaceAll(block, "team/iris", "iris"), "```")
		text = strings.ReplaceAll(text, "role/SageMakerExecution", "role/Iris")
		p, s := &awscloud.Policy{}, awscloud.Statement{}
		switch {
		case n == 0:
		case json.Unmarshal([]byte(text), p) == nil && p.Statement != nil:
			policies = append(policies, p)
		case json.Unmarshal([]byte(text), &s) == nil && s.Effect != "":
			more = append(more, s)
		default:
			t.Fatalf("no policy: %s", text)
		}
	}
	if len(policies) != 2 || len(more) == 0 {
		t.Fatalf("%d policies and %d statements", len(policies), len(more))
	}
	return policies, more
}

// TestPolicies does all verbs with no more permissions than the page names.
func TestPolicies(t *testing.T) {
	policies, more := documented(t)
	for name, test := range map[string]struct {
		keys func(*spec.Spec)
		more []awscloud.Statement
	}{
		"real-time": {func(s *spec.Spec) { s.ResourceTags = map[string]string{"team": "flowers"} }, nil},
		"canary":    {canary, nil},
		"scaled":    {scaled, more},
		"data":      {withData, more},
		"queue":     {queued, more},
	} {
		t.Run(name, func(t *testing.T) {
			v := begin(t, test.keys)
			v.Target.Endpoint = "iris-aws"
			s, _ := v.Target.Spec.(*spec.Spec)
			if s.Data != "" {
				v.Change = func(r *manifests.Release) {
					r.ModelImage = s.ModelData("iris-aws", strings.Repeat("0", 63)+r.Version)
					v.keepAt(r.ModelImage, r.Version)
				}
			}
			own := &awscloud.Policy{Statement: append(append([]awscloud.Statement{}, policies[1].Statement...), test.more...)}
			executing := &awscloud.Policy{Statement: append([]awscloud.Statement{{Effect: "Allow", Action: []string{"s3:*"}, Resource: []string{"arn:aws:s3:::*"}}}, policies[0].Statement...)}
			v.cloud.Policies = map[string]*awscloud.Policy{me: own, executor: executing}
			v.finds("")
			if err := v.open().Receive(t.Context()); err == nil || !strings.Contains(err.Error(), "there is no repository") {
				t.Error(err)
			}
			for _, version := range []string{"1", "2", "2"} {
				if _, err := v.Deploy(version); err != nil {
					t.Fatal(err)
				}
			}
			if s.Strategy != manifests.StrategyRolling {
				if _, err := publish.Promote(t.Context(), v.open(), v.Options()); err != nil {
					t.Fatal(err)
				}
			}
			if _, err := publish.Rollback(t.Context(), v.open(), 0, v.Options()); err != nil {
				t.Fatal(err)
			}
			v.Serves("1")
			if _, err := v.open().Status(t.Context()); err != nil {
				t.Error(err)
			}
			if err := v.open().Logs(t.Context(), &strings.Builder{}, publish.LogOptions{}); err != nil {
				t.Error(err)
			}
			if err := v.open().Delete(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
}
