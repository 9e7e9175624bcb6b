package sagemaker

import (
	"regexp"
	"strings"
)

// Registry is a private registry of Amazon ECR.
type Registry struct {
	// Host is its address, Account the twelve digits of its owner.
	Host, Account string
	Region        string
}

// ecrHost matches the hosts of private registries, also those of dual-stack.
var ecrHost = regexp.MustCompile(`^([0-9]{12})\.dkr[.-]ecr(-fips)?\.([a-z]{2}[a-z0-9-]*-[0-9]+)\.(amazonaws\.com(\.cn)?|on\.aws)$`)

// ParseRepository returns the registry of an image or a repository; ok is false if it is
// not in ECR, from where alone SageMaker pulls.
func ParseRepository(image string) (r Registry, ok bool) {
	host, _, _ := strings.Cut(image, "/")
	m := ecrHost.FindStringSubmatch(host)
	if m == nil {
		return Registry{}, false
	}
	return Registry{Host: host, Account: m[1], Region: m[3]}, true
}

// armFamily matches the families of instances with an Arm processor, such as c7g, m6gd
// and g5g. The g of g4dn is the family's own name.
var armFamily = regexp.MustCompile(`^([a-fh-z][a-z]*[0-9]+g[a-z]*|g5g|p6e-gb200)$`)

// Platform returns the platform of an instance type.
func Platform(instanceType string) string {
	family, _, _ := strings.Cut(strings.TrimPrefix(instanceType, "ml."), ".")
	if armFamily.MatchString(family) {
		return "linux/arm64"
	}
	return "linux/amd64"
}

// accountOf returns the account of an ARN, "" if it has none.
func accountOf(arn string) string {
	parts := strings.SplitN(arn, ":", 6)
	if len(parts) < 6 {
		return ""
	}
	return parts[4]
}
