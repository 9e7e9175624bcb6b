package deployfile

import (
	"net/netip"
	"regexp"
	"strings"
)

// The values of keys that others depend on.
const (
	hostNetwork    = "host"
	canaryStrategy = "canary"
	serverlessMode = "serverless"
	anyNamespace   = "*"
)

// The values that keys with a fixed choice take, in the order that messages
// and the schema list them.
func formats() []string            { return []string{"oci", "docker", "docker-manifest"} }
func restarts() []string           { return []string{"no", "on-failure", "always", "unless-stopped"} }
func containerdNetworks() []string { return []string{hostNetwork, "cni"} }
func strategies() []string         { return []string{"rolling", "blue-green", canaryStrategy} }
func modes() []string              { return []string{serverlessMode, "raw"} }
func effects() []string            { return []string{"NoSchedule", "PreferNoSchedule", "NoExecute"} }
func patchOperations() []string {
	return []string{"add", "remove", "replace", "move", "copy", "test"}
}

// Parts of the patterns.
const (
	dnsLabel     = `[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?`
	dnsSubdomain = dnsLabel + `(\.` + dnsLabel + `)*`
	labelName    = `[A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?`
)

// The patterns are shared with the JSON Schema. The names of Kubernetes are
// those of
// https://kubernetes.io/docs/concepts/overview/working-with-objects/names/ and
// https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/.
const (
	// A DNS label that a Service can have (RFC 1035), of which deployfile makes
	// longer ones such as NAME-canary-preview.
	endpointPattern   = `^[a-z]([a-z0-9-]{0,48}[a-z0-9])?$`
	tagPattern        = `^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$`
	networkPattern    = `^[A-Za-z0-9][A-Za-z0-9_.-]*$`
	objectNamePattern = `^` + dnsSubdomain + `$`
	objectKindPattern = `^[A-Z][A-Za-z0-9]*$`
	envFromPattern    = `^(secret|config-map)/` + dnsSubdomain + `$`
	nodeLabelPattern  = `^(` + dnsSubdomain + `/)?` + labelName + `$`
	labelValuePattern = `^(` + labelName + `)?$`
	gpuPattern        = `^` + dnsSubdomain + `/` + labelName + `$`
	// Of https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/quantity/
	// what occurs: with larger exponents its parser takes long or panics.
	quantityPattern = `^[+-]?([0-9]{1,18}(\.[0-9]{0,9})?|\.[0-9]{1,9})(m|k|M|G|T|P|Ki|Mi|Gi|Ti|Pi|[eE][+-]?[0-9]{1,2})?$`
	gatewayPattern  = `^(` + dnsLabel + `/)?` + dnsSubdomain + `$`
	hostPattern     = `^(\*\.)?` + dnsSubdomain + `$`
	// What a prefix of the Gateway API may have.
	urlPathPattern      = `^/([-A-Za-z0-9/._~!$&'()*+,;=:@]|%[0-9a-fA-F]{2})*$`
	minAvailablePattern = `^([1-9][0-9]{0,8}|[1-9][0-9]?%|100%)$`
	allowFromPattern    = `^(\*|` + dnsLabel + `)$`
)

// longestObjectName is how long a DNS subdomain may be.
const longestObjectName = 253

// matches is like the function of the name, for patterns that are used again
// and again: a file may have hundreds of targets.
func (r *report) matches(pattern, value string) bool {
	compiled := r.patterns[pattern]
	if compiled == nil {
		compiled = regexp.MustCompile(pattern)
		r.patterns[pattern] = compiled
	}
	return compiled.MatchString(value)
}

// like is the check of names of a pattern.
func (r *report) like(pattern string) func(string) bool {
	return func(value string) bool { return len(value) <= longestObjectName && r.matches(pattern, value) }
}

// isHost says whether a host name is one that an Ingress takes: no address.
func (r *report) isHost(value string) bool {
	_, err := netip.ParseAddr(value)
	return err != nil && r.like(hostPattern)(value)
}

// isURLPath says whether Kubernetes takes a path: it refuses those that servers
// read in different ways.
func (r *report) isURLPath(value string) bool {
	lower := strings.ToLower(value)
	for _, part := range []string{"//", "/./", "/../", "%2f", "%5c"} {
		if strings.Contains(lower, part) {
			return false
		}
	}
	return len(value) <= 1024 && r.matches(urlPathPattern, value) && !strings.HasSuffix(value, "/..") && !strings.HasSuffix(value, "/.")
}
