package sagemaker

import (
	"strings"
	"time"

	"github.com/deployfile/deployfile/deployfile"
)

// formats returns the formats of the keys: what SageMaker's own model says of them.
func formats() map[string]deployfile.Format {
	out := map[string]deployfile.Format{
		"region":  {Pattern: `^[a-z]{2}[a-z0-9-]*-[0-9]+$`, Longest: 32, Want: "a region of AWS", Hint: deployfile.Always(`for example "eu-central-1"`)},
		"profile": {Pattern: `^[^\s\[\]]+$`, Longest: 128, Want: "the name of a profile in the AWS configuration"},
		"role": {
			Pattern: `^arn:aws[a-z-]*:iam::[0-9]{12}:role/[a-zA-Z_0-9+=,.@/-]+$`, Longest: 2048, Want: "the ARN of a role",
			Hint: deployfile.Always(`for example "arn:aws:iam::123456789012:role/SageMakerExecution"`),
		},
		"instance-type": {
			Pattern: `^ml\.[a-z0-9-]+\.[a-z0-9]+$`, Longest: 64, Rule: "invalid-value", Want: "a type of instance of SageMaker",
			Hint: hintInstanceType,
		},
		"startup-timeout": {Pattern: ".", Valid: seconds(time.Minute, time.Hour), Rule: "invalid-value", Want: `a time from "1m" to "1h" in whole seconds`},
		"kms-key":         {Pattern: `^[a-zA-Z0-9:/_-]+$`, Longest: 2048, Want: "the id, ARN or alias of a key of AWS KMS"},
		"tag-key": {
			Pattern: `^[A-Za-z0-9 _.:/=+@-]+$`, Longest: 128, Valid: validTagKey, Called: "tag key",
			Want: `letters, digits, spaces and "_.:/=+-@", and not start with "aws:" or "deployfile:"`,
		},
		"tag-value": {Pattern: `^[A-Za-z0-9 _.:/=+@-]*$`, Longest: 256, Rule: "invalid-value", Want: `letters, digits, spaces and "_.:/=+-@"`},
		"vpc-id":    {Pattern: `^[a-zA-Z0-9-]+$`, Longest: 32, Want: "the id of a subnet or a security group"},
		"s3-url": {
			Pattern: `^s3://[a-z0-9][a-z0-9.-]+[a-z0-9](/[^\s?#]*)?$`, Longest: 512, Rule: "invalid-url", Want: "s3://BUCKET/PREFIX",
		},
	}
	guardedFormats(out)
	asyncFormats(out)
	return out
}

func hintInstanceType(value, _ string) string {
	if value != "" && !strings.HasPrefix(value, "ml.") && strings.Count(value, ".") == 1 {
		return `write "ml.` + value + `"`
	}
	return `for example "ml.m5.large"`
}

// reserved begins the keys of deployfile's own tags.
const reserved = "deployfile:"

func validTagKey(key string) bool {
	lower := strings.ToLower(key)
	return !strings.HasPrefix(lower, "aws:") && !strings.HasPrefix(lower, reserved) && strings.TrimSpace(key) != ""
}
