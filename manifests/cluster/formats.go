package cluster

import (
	"fmt"
	"net/netip"
	"regexp"
	"strings"

	"github.com/deployfile/deployfile/deployfile"
	"github.com/deployfile/deployfile/manifests"
)

// Parts of the patterns. The names of Kubernetes are those of
// https://kubernetes.io/docs/concepts/overview/working-with-objects/names/ and
// https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/.
const (
	dnsLabel     = `[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?`
	dnsSubdomain = dnsLabel + `(\.` + dnsLabel + `)*`
	labelPart    = `[A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?`

	objectPattern  = `^` + dnsSubdomain + `$`
	labelPattern   = `^(` + dnsSubdomain + `/)?` + labelPart + `$`
	envFromPattern = `^(secret|config-map)/` + dnsSubdomain + `$`
	// What a prefix of the Gateway API may have.
	urlPathPattern = `^/([-A-Za-z0-9/._~!$&'()*+,;=:@]|%[0-9a-fA-F]{2})*$`
)

// longest is how long a DNS subdomain may be.
const longest = 253

const wantLabel = "letters, digits, '-', '_' and '.', with or without DOMAIN/ in front"

// Formats returns the formats that the keys of a kind on a cluster name.
func Formats(kind string) map[string]deployfile.Format {
	formats := manifests.ResourceFormats()
	label := func(called string) deployfile.Format {
		return deployfile.Format{
			Pattern: labelPattern, Longest: longest, Called: called, Want: wantLabel, Hint: deployfile.Always(`for example "example.com/team"`),
		}
	}
	named := func(pattern, want, hint string) deployfile.Format {
		return deployfile.Format{Pattern: pattern, Longest: longest, Want: want, Hint: deployfile.Always(hint)}
	}
	formats["namespace"] = deployfile.Format{Pattern: `^` + dnsLabel + `$`, Refuse: func(_, value string) deployfile.Problem {
		return deployfile.Problem{Rule: "invalid-name", Message: fmt.Sprintf("%q is not a %s namespace", value, kind)}
	}}
	formats["context"] = deployfile.Format{Pattern: ".", Want: "the name of a context of the kubeconfig"}
	formats["env-from"] = deployfile.Format{
		Pattern: envFromPattern, Longest: longest, Want: `"secret/NAME" or "config-map/NAME"`,
		Hint: func(value, _ string) string { return likelyEnvFrom(value) },
	}
	formats["secret-name"] = named(objectPattern, "the name of a Secret", "")
	formats["object"] = named(objectPattern, "the name of an object: lower-case letters, digits, '-' and '.'", "")
	formats["object-kind"] = named(`^[A-Z][A-Za-z0-9]*$`, "the kind of an object of Kubernetes", `for example "Deployment"`)
	formats["gpu"] = named(`^`+dnsSubdomain+`/`+labelPart+`$`, "the name of a resource with its domain", `for example "nvidia.com/gpu"`)
	formats["taint"] = named(labelPattern, "the key of a taint", `for example "nvidia.com/gpu"`)
	formats["topology"] = named(labelPattern, "the key of a node label", `for example "topology.kubernetes.io/zone"`)
	formats["label-value"] = named(`^(`+labelPart+`)?$`, "the value of a label: at most 63 letters, digits, '-', '_' and '.'", "")
	formats["node-label"] = label("node label")
	formats["annotation"] = label("annotation")
	formats["gateway"] = named(`^(`+dnsLabel+`/)?`+dnsSubdomain+`$`, "a gateway, NAME or NAMESPACE/NAME", "")
	formats["source"] = named(`^(\*|`+dnsLabel+`)$`, `a namespace, or "*" for all`, "")
	formats["host"] = deployfile.Format{
		Pattern: `^(\*\.)?` + dnsSubdomain + `$`, Longest: longest, Valid: isNoAddress, Want: "a host name in lower case, with no port", Hint: likelyHost,
	}
	formats["url-path"] = deployfile.Format{
		Pattern: urlPathPattern, Longest: 1024, Valid: isPlainPath, Rule: "invalid-path",
		Want: `the path of a URL, with "/" in front and no empty parts, "." or ".."`,
	}
	formats["min-available"] = deployfile.Format{
		Pattern: `^([1-9][0-9]{0,8}|[1-9][0-9]?%|100%)$`, Rule: "invalid-value",
		Want: "a number of instances or a percentage of them", Hint: deployfile.Always(`for example "1" or "50%"`),
	}
	return formats
}

// isNoAddress reports whether a host is one that an Ingress takes.
func isNoAddress(host string) bool {
	_, err := netip.ParseAddr(host)
	return err != nil
}

// isPlainPath reports whether Kubernetes takes a path: it refuses those that
// servers read in different ways.
func isPlainPath(path string) bool {
	lower := strings.ToLower(path)
	for _, part := range []string{"//", "/./", "/../", "%2f", "%5c"} {
		if strings.Contains(lower, part) {
			return false
		}
	}
	return !strings.HasSuffix(path, "/..") && !strings.HasSuffix(path, "/.")
}

func likelyHost(value, target string) string {
	if _, rest, isURL := strings.Cut(value, "://"); isURL {
		host, _, _ := strings.Cut(rest, "/")
		return fmt.Sprintf("leave out the scheme and the path: %q", host)
	}
	return fmt.Sprintf("for example %q or %q", target+".example.com", "*.example.com")
}

func likelyEnvFrom(value string) string {
	kind, name, found := strings.Cut(value, "/")
	if !found {
		name = kind
	}
	kind = strings.ToLower(strings.ReplaceAll(kind, "_", "-"))
	switch {
	case len(name) > longest || !regexp.MustCompile(objectPattern).MatchString(name):
	case found && (kind == "configmap" || kind == "configmaps" || kind == "cm"):
		return fmt.Sprintf("did you mean %q?", "config-map/"+name)
	case found && kind != "secrets":
	default:
		return fmt.Sprintf("did you mean %q?", "secret/"+name)
	}
	return ""
}
