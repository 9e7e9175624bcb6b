package deployfile

import (
	"cmp"
	"fmt"
	"net/url"
	"path"
	"regexp"
	"strconv"
	"strings"

	"github.com/deployfile/deployfile/internal/redact"
	"github.com/distribution/reference"
	"github.com/docker/go-units"
)

// ruleCredential is the rule whose range Render never draws in clear.
const ruleCredential = "credential-in-url"

// The patterns are shared with the JSON Schema, so they keep to what RE2 and
// ECMA-262 have in common.
const (
	// A path component of an image reference, since default tags hold it.
	modelNamePattern     = `^[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*$`
	pythonPattern        = `^3\.(9|[1-9][0-9]+)$`
	systemPackagePattern = `^[a-z0-9][a-z0-9+.-]*[a-z0-9+.](=[A-Za-z0-9.+:~-]+)?$`
	envNamePattern       = `^[A-Za-z_][A-Za-z0-9_]*$`
	indexNamePattern     = `^[A-Za-z0-9][A-Za-z0-9._-]*$`
	indexURLPattern      = `^https?://[^@/?#]+(/[^?#]*)?$`
	// The name format of PyPA's core metadata.
	pythonPackagePattern = `^([A-Za-z0-9]|[A-Za-z0-9][A-Za-z0-9._-]*[A-Za-z0-9])$`
	secretIDPattern      = `^[A-Za-z0-9_.-]+$`
	labelKeyPattern      = `^[A-Za-z0-9]([A-Za-z0-9._/-]*[A-Za-z0-9])?$`
	sizePattern          = `^[0-9]+(\.[0-9]+)? ?[kMGT]?B$`
	userPattern          = `^[0-9]+(:[0-9]+)?$`
	// A DNS label of RFC 1123.
	dnsLabelPattern = `^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$`
	// A DNS label that a Service can have (RFC 1035), of which deployfile makes
	// longer ones such as NAME-canary-preview.
	endpointPattern = `^[a-z]([a-z0-9-]{0,48}[a-z0-9])?$`
)

func matches(pattern, value string) bool {
	return regexp.MustCompile(pattern).MatchString(value)
}

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

// ModelName makes the nearest model name of any text, such as a directory's name.
func ModelName(given string) string {
	other := regexp.MustCompile(`[^a-z0-9]+`)
	return cmp.Or(strings.Trim(other.ReplaceAllString(strings.ToLower(given), "-"), "-"), "model")
}

// uriPattern matches the beginning of a URI that names something elsewhere
// (RFC 3986, section 3.1): "s3://bucket/iris", "models:/iris/3".
const uriPattern = `^[A-Za-z][A-Za-z0-9+.-]+:/`

// IsURI reports whether [model] source is a URI. Otherwise it is a path.
func IsURI(source string) bool { return matches(uriPattern, source) }

// checkSource refuses what is neither a path below the Deployfile's directory nor a
// URI. Which URIs can be read is for package modelsource to say.
func checkSource(name, value string) Problem {
	if !IsURI(value) {
		return checkPath(name, value)
	}
	u, err := url.Parse(value)
	switch {
	// The user of ssh is no secret (ssh://git@HOST), nor is a container of Azure
	// (wasbs://CONTAINER@HOST).
	case err != nil && strings.Contains(value, "@"), err == nil && u.User != nil && (hasPassword(u) || !matches(`^(.*ssh|wasbs|abfss)$`, u.Scheme)):
		return Problem{
			ruleCredential, name + " holds a credential, which would end up in logs and in the lock",
			`take out what stands before the "@"`,
		}
	case err != nil:
		return Problem{"invalid-url", name + " is not a valid URI", ""}
	}
	return Problem{}
}

func hasPassword(u *url.URL) bool {
	_, set := u.User.Password()
	return set
}

// checkPath refuses what is not a path below the Deployfile's directory. An empty
// Problem means that the path is good.
func checkPath(name, value string) Problem {
	p := Problem{Rule: "invalid-path"}
	refused := func(why string) Problem {
		p.Message = fmt.Sprintf("%s %s", name, why)
		return p
	}
	switch {
	case value == "":
		return refused("is empty")
	case strings.Contains(value, "://") || strings.HasPrefix(value, "models:/") || strings.HasPrefix(value, "runs:/"):
		p.Hint = "download it and name its directory"
		return refused("is a URI, but must be a path below the directory of the Deployfile")
	case strings.Contains(value, `\`):
		p.Hint = fmt.Sprintf("use forward slashes: %q", strings.ReplaceAll(value, `\`, "/"))
		return refused(fmt.Sprintf("%q has a backslash", value))
	case path.IsAbs(value) || matches(`^[A-Za-z]:`, value):
		p.Hint = "move what it names next to the Deployfile, and write the path from there"
		return refused(fmt.Sprintf("%q is absolute, but must be a path below the directory of the Deployfile", value))
	case path.Clean(value) == ".." || strings.HasPrefix(path.Clean(value), "../"):
		p.Hint = "move what it names below that directory, or move the Deployfile up"
		return refused(fmt.Sprintf("%q leaves the directory of the Deployfile", value))
	}
	return Problem{}
}

// checkImage refuses what is not an image reference.
func checkImage(name, value string) (reference.Named, Problem) {
	named, err := reference.ParseNormalizedNamed(value)
	if err == nil {
		return named, Problem{}
	}
	p := Problem{Rule: "invalid-image", Message: fmt.Sprintf("%s: %q is not an image reference: %v", name, value, err)}
	if _, rest, isURL := strings.Cut(value, "://"); isURL {
		p.Message = fmt.Sprintf("%s is a URL, but must be an image reference", name)
		p.Hint = "leave out the scheme"
		if _, err := reference.ParseNormalizedNamed(rest); err == nil {
			p.Hint += fmt.Sprintf(": %q", rest)
		}
	} else if lower := strings.ToLower(value); lower != value {
		if _, err := reference.ParseNormalizedNamed(lower); err == nil {
			p.Hint = fmt.Sprintf("use lower case: %q", lower)
		}
	}
	return nil, p
}

// checkIndexURL refuses what is not the URL of a package index. None of its
// messages repeat the URL, which may hold a credential.
func checkIndexURL(name, value string) Problem {
	u, err := url.Parse(value)
	switch {
	case strings.Contains(value, "@") && (err != nil || u.User != nil):
		return Problem{
			ruleCredential, name + " holds a credential, which would end up in logs and in the lock",
			`take out what stands before the "@" and name a build secret that holds it: secret = "id"`,
		}
	case err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Hostname() == "":
		return Problem{"invalid-url", name + " must be a URL of the form https://HOST/PATH", ""}
	case u.RawQuery != "" || u.ForceQuery || u.Fragment != "":
		return Problem{"invalid-url", name + " must have no query and no fragment: package names are added to its end", ""}
	case redact.HasCredential(value):
		return Problem{
			ruleCredential, name + " holds a token, which would end up in logs and in the lock",
			`take it out of the path and name a build secret that holds it: secret = "id"`,
		}
	}
	return Problem{}
}

// checkServerURL refuses what is not the address of an MLflow server.
func checkServerURL(name, value string) Problem {
	p := checkIndexURL(name, value)
	switch p.Rule {
	case ruleCredential:
		p.Hint = "take it out; whoever locks and builds sets MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD, or MLFLOW_TRACKING_TOKEN"
	case "invalid-url":
		p.Message = name + " must be a URL of the form https://HOST/PATH, without a query and a fragment"
	}
	return p
}

// userIDs splits "uid" or "uid:gid".
func userIDs(value string) (ids []uint64, ok bool) {
	if !matches(userPattern, value) {
		return nil, false
	}
	for part := range strings.SplitSeq(value, ":") {
		id, err := strconv.ParseUint(part, 10, 31)
		if err != nil {
			return nil, false
		}
		ids = append(ids, id)
	}
	return ids, true
}

// normalizedPackage returns the form of a package name that PEP 503 compares.
func normalizedPackage(name string) string {
	return strings.ToLower(regexp.MustCompile(`[-_.]+`).ReplaceAllString(name, "-"))
}

// Bytes returns the bytes of a size such as "2GB", whose units are powers of 1000; ok
// is false if it is none.
func Bytes(size string) (bytes int64, ok bool) {
	if !matches(sizePattern, size) {
		return 0, false
	}
	bytes, err := units.FromHumanSize(size)
	return bytes, err == nil && bytes > 0
}
