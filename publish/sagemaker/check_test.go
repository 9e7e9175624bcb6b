package sagemaker

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/deployfile/deployfile/internal/testing/awscloud"
	spec "github.com/deployfile/deployfile/manifests/sagemaker"
	"github.com/deployfile/deployfile/publish/publishtest"
)

// policyOf parses a policy.
func policyOf(t *testing.T, statements string) *awscloud.Policy {
	t.Helper()
	p := &awscloud.Policy{}
	if err := json.Unmarshal([]byte(`{"Statement": [`+statements+`]}`), p); err != nil {
		t.Fatal(err)
	}
	return p
}

const (
	me, executor = "arn:aws:iam::123456789012:user/tester", "arn:aws:iam::123456789012:role/Iris"
	all          = `{"Effect": "Allow", "Action": "*", "Resource": "*"}`
)

// What is wrong is at the key that it is about; what may be right is a warning.
func TestCheck(t *testing.T) {
	policies := func(who, statements string) func(*awscloud.Cloud) {
		return func(c *awscloud.Cloud) {
			c.Policies = map[string]*awscloud.Policy{who: policyOf(t, statements)}
		}
	}
	trust := func(policy string) func(*awscloud.Cloud) {
		return func(c *awscloud.Cloud) { c.Trust = map[string]string{"Iris": policy} }
	}
	quota := func(n int) func(*awscloud.Cloud) {
		return func(c *awscloud.Cloud) { c.Quota = map[string]int{"ml.m5.large": n} }
	}
	three := func(s *spec.Spec) { s.Replicas = 3 }
	for name, test := range map[string]struct {
		target func(*spec.Spec)
		cloud  func(*awscloud.Cloud)
		want   string
	}{
		"fine":           {nil, nil, ""},
		"no role":        {nil, trust(""), "[execution-role] there is no role " + executor},
		"trusts another": {nil, trust(`{"Statement": {"Effect": "Allow", "Principal": {"Service": ["ec2.amazonaws.com", "lambda.amazonaws.com"]}, "Action": "sts:AssumeRole"}}`), "[execution-role] the trust policy of the role does not let sagemaker.amazonaws.com assume it"},
		"trust denied":   {nil, trust(`{"Statement": [{"Effect": "Deny", "Principal": {"Service": "sagemaker.amazonaws.com"}, "Action": "sts:AssumeRole"}]}`), "[execution-role] the trust policy"},
		"trusts several": {nil, trust(`{"Statement": [{"Effect": "Allow", "Principal": {"AWS": "1"}, "Action": "sts:AssumeRole"}, {"Effect": "Allow", "Principal": {"Service": ["sagemaker.amazonaws.com"]}, "Action": ["sts:AssumeRole", "sts:TagSession"]}]}`), ""},
		"trusts all":     {nil, trust(`{"Statement": {"Effect": "Allow", "Principal": "*", "Action": "sts:*"}}`), ""},
		"no policy":      {nil, trust(`{"Statement": 1}`), "warning [] not checked before the build: the trust of execution-role (its policy: "},
		"other account":  {nil, func(c *awscloud.Cloud) { c.Caller = "arn:aws:iam::210987654321:user/tester" }, "[execution-role] the execution role is in account 123456789012, and your credentials are for 210987654321"},
		"session": {nil, func(c *awscloud.Cloud) {
			c.Caller = "arn:aws:sts::123456789012:assumed-role/Deployer/session"
			policies("arn:aws:iam::123456789012:role/Deployer", all+`, {"Effect": "Deny", "Action": "sagemaker:CreateEndpoint", "Resource": "*"}`)(c)
		}, "[] you lack permissions: sagemaker:CreateEndpoint on arn:aws:sagemaker:eu-central-1:123456789012:endpoint/iris"},
		"root":          {nil, func(c *awscloud.Cloud) { c.Caller = "arn:aws:iam::123456789012:root" }, ""},
		"denied":        {nil, policies(me, all+`, {"Effect": "Deny", "Action": "sagemaker:Create*", "Resource": "*"}`), "[] you lack permissions: sagemaker:CreateModel on arn:aws:sagemaker:eu-central-1:123456789012:model/iris-r1, sagemaker:CreateEndpointConfig on"},
		"may not pass":  {nil, policies(me, all+`, {"Effect": "Deny", "Action": "iam:PassRole", "Resource": "`+executor+`"}`), "[] you lack permissions: iam:PassRole on " + executor},
		"a condition":   {nil, policies(me, `{"Effect": "Allow", "Action": ["iam:*", "servicequotas:*"], "Resource": "*"}, {"Effect": "Allow", "Action": "*", "Resource": "*", "Condition": {}}`), "warning [] you may lack permissions: sagemaker:ListModels on *"},
		"cannot clean":  {nil, policies(me, all+`, {"Effect": "Deny", "Action": "sagemaker:DeleteEndpoint", "Resource": "*"}`), "warning [] you lack permissions, so what fails could not be removed again: sagemaker:DeleteEndpoint"},
		"cannot scale":  {scaled, policies(me, all+`, {"Effect": "Deny", "Action": "application-autoscaling:Put*", "Resource": "*"}`), "[] you lack permissions: application-autoscaling:PutScalingPolicy"},
		"cannot pull":   {nil, policies(executor, `{"Effect": "Allow", "Action": "ecr:Get*", "Resource": "*"}`), "warning [execution-role] the execution role lacks permissions, unless policies of the resources give them: ecr:BatchGetImage on arn:aws:ecr:eu-central-1:123456789012:repository/iris"},
		"cannot answer": {asynchronous, policies(executor, `{"Effect": "Allow", "Action": "ecr:*", "Resource": "*"}`), "warning [execution-role] the execution role lacks permissions, unless policies of the resources give them: s3:PutObject on arn:aws:s3:::"},
		"no quota":      {nil, quota(0), "[instance-type] your account may run 0 instances of ml.m5.large in eu-central-1, and the endpoint needs 1"},
		"small quota":   {three, quota(2), "[replicas] your account may run 2 instances of ml.m5.large in eu-central-1, and the endpoint needs 3"},
		"for the first": {three, quota(3), ""},
		"scaled":        {func(s *spec.Spec) { scaled(s); s.Autoscale.Min = 2 }, quota(1), "[autoscale] your account"},
		"serverless":    {func(s *spec.Spec) { s.InstanceType, s.Serverless = "", &spec.Serverless{Memory: 1024} }, quota(0), ""},
		"may not ask":   {nil, policies(me, `{"Effect": "Allow", "Action": "sagemaker:*", "Resource": "*"}`), "warning [] not checked before the build: the trust of execution-role (AccessDeniedException), your permissions (AccessDeniedException), the permissions of execution-role (AccessDeniedException), the quota of instances (AccessDeniedException)"},
	} {
		t.Run(name, func(t *testing.T) {
			v := begin(t, test.target)
			if test.cloud != nil {
				test.cloud(v.cloud)
			}
			v.finds(test.want)
			if there := v.cloud.There(); len(there) > 0 {
				t.Errorf("made: %v", there)
			}
		})
	}
}

// finds compares the only finding, "" for none.
func (v *verbs) finds(want string) {
	v.Helper()
	var got []string
	for _, f := range v.open().Check(v.Context()) {
		severity := ""
		if f.Warning {
			severity = "warning "
		}
		got = append(got, fmt.Sprint(severity, f.Keys, " ", f.Message))
	}
	if want == "" && len(got) > 0 || want != "" && (len(got) != 1 || !strings.HasPrefix(got[0], want)) {
		v.Errorf("found %q, want %q", got, want)
	}
}

// An update needs twice the instances, unless SageMaker replaces them one by one.
func TestCheckUpdate(t *testing.T) {
	v := begin(t, func(s *spec.Spec) { s.Replicas = 3 })
	v.Must("1")
	v.cloud.Quota = map[string]int{"ml.m5.large": 5}
	v.finds("warning [replicas] an update runs 3 instances of ml.m5.large beside the 3 old ones, and your account may run 5")
	s, _ := v.Target.Spec.(*spec.Spec)
	s.Guarded = &spec.Guarded{Type: "rolling"}
	v.finds("")
}

// A fault of a check is a warning: it is not needed for a deployment.
func TestCheckFaults(t *testing.T) {
	for _, operation := range []string{"sts:GetCallerIdentity", "iam:GetRole", "iam:SimulatePrincipalPolicy", "quotas:ListServiceQuotas"} {
		for _, fault := range []publishtest.RequestFault{publishtest.Throttled, publishtest.Internal, publishtest.Cut, publishtest.LostReply} {
			t.Run(fmt.Sprint(operation, fault), func(t *testing.T) {
				v := begin(t, nil)
				v.cloud.Fault = func(o string) publishtest.RequestFault {
					if o == operation {
						return fault
					}
					return publishtest.NoFault
				}
				v.finds("warning [] not checked before the build: ")
			})
		}
	}
}
