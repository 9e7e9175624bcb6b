package lint

import (
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/deployfile/deployfile/deployfile"
)

var (
	// secretName matches the end of names of secrets; plurals such as MAX_TOKENS
	// are usually not secrets.
	secretName = regexp.MustCompile(`(?i)(^|[_.-])(pass|passwd|password|passphrase|token|secret|credential|credentials|key|apikey|pat)$`)
	// harmless matches values that are never a secret: empty values, numbers,
	// booleans, paths, variables, and a tokeniser's special tokens.
	harmless = regexp.MustCompile(`(?i)^(|-?[0-9.]+|true|false|yes|no|on|off|none|null|\.{0,2}/.*|\$.*|<[^>]*>|\[[^\]]*\])$`)
	// known matches credentials by their shape: a password in a URL, and the
	// tokens and keys of well-known services.
	known = regexp.MustCompile(strings.Join([]string{
		`[A-Za-z][A-Za-z0-9+.-]*://[^\s/?#@:]*:[^\s/?#@]+@`,
		`\b(ghp|gho|ghs|ghu|ghr)_[A-Za-z0-9]{20,}`,
		`\bgithub_pat_[A-Za-z0-9_]{20,}`,
		`\bglpat-[A-Za-z0-9_-]{16,}`,
		`\bhf_[A-Za-z0-9]{20,}`,
		`\bpypi-[A-Za-z0-9_-]{16,}`,
		`\bsk-[A-Za-z0-9_-]{20,}`,
		`\bxox[abprs]-[A-Za-z0-9-]{10,}`,
		`\b(AKIA|ASIA)[0-9A-Z]{16}\b`,
		`\bdapi[0-9a-f]{32}\b`,
		`\beyJ[A-Za-z0-9_-]{8,}\.eyJ[A-Za-z0-9_-]{8,}\.`,
		`-----BEGIN [A-Z ]*PRIVATE KEY-----`,
	}, "|"))
)

// isCredential reports whether the value of a name looks like a secret.
func isCredential(name, value string) bool {
	return known.MatchString(value) || secretName.MatchString(name) && !harmless.MatchString(value)
}

// credentials never repeats a value.
func credentials(in Input) []Finding {
	var out []Finding
	say := func(what, fix string, path ...string) {
		at, _ := in.File.Position(path...)
		out = append(out, Finding{Message: what + " looks like a credential", Fix: fix, Range: at, Secret: true})
	}
	const atRun = "take it out, and give it to the server when it runs: from a Kubernetes Secret, or docker run --env"
	named := func(what string, values map[string]string, path ...string) {
		for _, name := range slices.Sorted(maps.Keys(values)) {
			value := values[name]
			if isCredential(name, value) {
				say("the value of "+what+" "+name, atRun, append(path[:len(path):len(path)], name)...)
			}
		}
	}
	f := in.File
	named("environment variable", f.Environment.Env, "environment", "env")
	if in.Model != nil {
		for _, name := range slices.Sorted(maps.Keys(in.Model.Variables)) {
			if isCredential(name, in.Model.Variables[name]) {
				say("the value that the model's conda.yaml has for environment variable "+name,
					"a line for the file in .dockerignore leaves it out of the image; give the variable to the server when it runs: from a Kubernetes Secret, or docker run --env", "model", "source")
			}
		}
	}
	named("label", f.Image.Labels, "image", "labels")
	for _, target := range slices.Sorted(maps.Keys(f.Targets)) {
		named("environment variable", f.Targets[target].Env(), "targets", target, "env")
	}
	config := func(c deployfile.ModelConfig, path ...string) {
		for _, name := range slices.Sorted(maps.Keys(c)) {
			value, text := c[name].(string)
			if !text {
				// Inside of a list or table only the shape tells.
				value = deployfile.ModelConfig{"": c[name]}.JSON()
			}
			if known.MatchString(value) || text && isCredential(name, value) {
				say("the value of "+name+" in the model's configuration", atRun, append(path[:len(path):len(path)], name)...)
			}
		}
	}
	config(f.Server.ModelConfig, "server", "model-config")
	for _, target := range slices.Sorted(maps.Keys(f.Targets)) {
		config(f.Targets[target].ModelConfig(), "targets", target, "model-config")
	}
	for n, word := range f.Server.Command {
		if known.MatchString(word) {
			say("a word of the start command", atRun, "server", "command", strconv.Itoa(n))
		}
	}
	for n, index := range f.Environment.Indexes {
		if known.MatchString(index.URL) {
			say("a part of the URL of index "+index.Name,
				`take it out and name a build secret that holds it: secret = "id"`, "environment", "indexes", strconv.Itoa(n), "url")
		}
	}
	return out
}
