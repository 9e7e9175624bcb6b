package deployfile

import (
	"cmp"
	"fmt"
	"net/url"
	"path"
	"regexp"
	"strconv"
	"strings"

	"github.com/distribution/reference"
)

// ruleCredential is the rule whose range Render never draws in clear.
const ruleCredential = "credential-in-url"

// The values that keys with a fixed choice take, in the order that messages
// and the schema list them.
func serverKinds() []string   { return []string{"mlflow", "command"} }
func verifyChoices() []string { return []string{"build", "never"} }
func mlflowChoices() []string { return []string{"skinny", "full"} }
func platforms() []string     { return []string{"linux/amd64", "linux/arm64"} }

// The patterns are shared with the JSON Schema, so they keep to what RE2 and
// ECMA-262 have in common.
const (
	// A path component of an image reference, since default tags hold it.
	modelNamePattern     = `^[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*$`
	pythonPattern        = `^3\.(9|[1-9][0-9]+)$`
	systemPackagePattern = `^[a-z0-9][a-z0-9+.-]*[a-z0-9+.](=[A-Za-z0-9.+:~-]+)?$`
	envNamePattern       = `^[A-Za-z_][A-Za-z0-9_]*$`
	indexNamePattern     = `^[A-Za-z0-9][A-Za-z0-9._-]*$`
	// The name format of PyPA's core metadata.
	pythonPackagePattern = `^([A-Za-z0-9]|[A-Za-z0-9][A-Za-z0-9._-]*[A-Za-z0-9])$`
	secretIDPattern      = `^[A-Za-z0-9_.-]+$`
	labelKeyPattern      = `^[A-Za-z0-9]([A-Za-z0-9._/-]*[A-Za-z0-9])?$`
	userPattern          = `^[0-9]+(:[0-9]+)?$`
	// A DNS label of RFC 1123.
	dnsLabelPattern = `^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$`
	// containerd's identifiers.
	containerdNamePattern = `^[A-Za-z0-9]+([._-][A-Za-z0-9]+)*$`
)

func matches(pattern, value string) bool {
	return regexp.MustCompile(pattern).MatchString(value)
}

// ModelName makes the nearest model name of any text, such as a folder's name.
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
func checkSource(name, value string) problem {
	if !IsURI(value) {
		return checkPath(name, value)
	}
	u, err := url.Parse(value)
	switch {
	// The user of ssh is no secret: ssh://git@HOST.
	case err != nil && strings.Contains(value, "@"), err == nil && u.User != nil && (hasPassword(u) || !strings.HasSuffix(u.Scheme, "ssh")):
		return problem{
			ruleCredential, name + " holds a credential, which would end up in logs and in the lock",
			`take out what stands before the "@"`,
		}
	case err != nil:
		return problem{"invalid-url", name + " is not a valid URI", ""}
	}
	return problem{}
}

func hasPassword(u *url.URL) bool {
	_, set := u.User.Password()
	return set
}

// checkPath refuses what is not a path below the Deployfile's folder. An empty
// problem means that the path is good.
func checkPath(name, value string) problem {
	p := problem{rule: "invalid-path"}
	refused := func(why string) problem {
		p.message = fmt.Sprintf("%s %s", name, why)
		return p
	}
	switch {
	case value == "":
		return refused("is empty")
	case strings.Contains(value, "://") || strings.HasPrefix(value, "models:/") || strings.HasPrefix(value, "runs:/"):
		p.hint = "download it and name its folder"
		return refused("is a URI, but must be a path below the folder of the Deployfile")
	case strings.Contains(value, `\`):
		p.hint = fmt.Sprintf("use forward slashes: %q", strings.ReplaceAll(value, `\`, "/"))
		return refused(fmt.Sprintf("%q has a backslash", value))
	case path.IsAbs(value) || matches(`^[A-Za-z]:`, value):
		p.hint = "move what it names next to the Deployfile, and write the path from there"
		return refused(fmt.Sprintf("%q is absolute, but must be a path below the folder of the Deployfile", value))
	case path.Clean(value) == ".." || strings.HasPrefix(path.Clean(value), "../"):
		p.hint = "move what it names below that folder, or move the Deployfile up"
		return refused(fmt.Sprintf("%q leaves the folder of the Deployfile", value))
	}
	return problem{}
}

// checkImage refuses what is not an image reference.
func checkImage(name, value string) (reference.Named, problem) {
	named, err := reference.ParseNormalizedNamed(value)
	if err == nil {
		return named, problem{}
	}
	p := problem{rule: "invalid-image", message: fmt.Sprintf("%s: %q is not an image reference: %v", name, value, err)}
	if _, rest, isURL := strings.Cut(value, "://"); isURL {
		p.message = fmt.Sprintf("%s is a URL, but must be an image reference", name)
		p.hint = "leave out the scheme"
		if _, err := reference.ParseNormalizedNamed(rest); err == nil {
			p.hint += fmt.Sprintf(": %q", rest)
		}
	} else if lower := strings.ToLower(value); lower != value {
		if _, err := reference.ParseNormalizedNamed(lower); err == nil {
			p.hint = fmt.Sprintf("use lower case: %q", lower)
		}
	}
	return nil, p
}

// checkIndexURL refuses what is not the URL of a package index. None of its
// messages repeat the URL, which may hold a credential.
func checkIndexURL(name, value string) problem {
	u, err := url.Parse(value)
	switch {
	case strings.Contains(value, "@") && (err != nil || u.User != nil):
		return problem{
			ruleCredential, name + " holds a credential, which would end up in logs and in the lock",
			`take out what stands before the "@" and name a build secret that holds it: secret = "id"`,
		}
	case err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Hostname() == "":
		return problem{"invalid-url", name + " must be a URL of the form https://HOST/PATH", ""}
	case u.RawQuery != "" || u.ForceQuery || u.Fragment != "":
		return problem{"invalid-url", name + " must have no query and no fragment: package names are added to its end", ""}
	}
	return problem{}
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

// normalizedPackage is the form of a package name that PEP 503 compares.
func normalizedPackage(name string) string {
	return strings.ToLower(regexp.MustCompile(`[-_.]+`).ReplaceAllString(name, "-"))
}
