package deployfile

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/deployfile/deployfile/imagespec"
	"github.com/distribution/reference"
)

// validate checks the values that the text has. It runs before the defaults are
// filled in.
func (r *report) validate(f *File) {
	r.names("argument", f.Args, "args")
	r.validateModel(f.Model)
	r.validateEnvironment(f.Environment)
	r.validateServer(f.Server)
	r.validateImage(f.Image)
	r.validateTargets(f)
}

func (r *report) validateModel(m Model) {
	if r.written("model", "name") && !matches(modelNamePattern, m.Name) {
		p := problem{
			rule: "invalid-name",
			message: fmt.Sprintf("model.name %q must be lower-case letters and digits, with single '.', '_' or '-' between them",
				m.Name),
		}
		if near := ModelName(m.Name); near != "" {
			p.hint = fmt.Sprintf("for example %q", near)
		}
		r.atValue(p, "model", "name")
	}
	if r.written("model", "source") {
		r.problem(checkSource("model.source", m.Source), []string{"model", "source"})
	} else if !r.said("model", "source") && !r.said("model") {
		r.atKey(problem{
			"missing-key", "model.source is missing: it says where the MLflow Model is",
			`name the folder that holds its MLmodel file, below [model]: source = "model"`,
		}, "model", "source")
	}
}

func (r *report) validateServer(s Server) {
	if s.Kind == "mlserver" {
		r.atValue(problem{
			"unknown-value", `unknown server.kind "mlserver"`,
			`put mlserver into a requirements file, and write: kind = "command" and command = ["mlserver", "start", "/opt/model"]`,
		}, "server", "kind")
	}
	r.oneOf(s.Kind, serverKinds(), "server", "kind")
	r.port(s.Port, "server", "port")
	r.atLeastOne(s.Workers, "server", "workers")
	r.oneOf(s.Verify, verifyChoices(), "server", "verify")

	if r.said("server") || r.said("server", "kind") || r.said("server", "command") {
		return
	}
	written := r.index.has([]string{"server", "command"})
	switch isCommand := s.Kind == "command"; {
	case isCommand && len(s.Command) == 0:
		r.atValue(problem{
			"missing-key", `server.kind "command" needs server.command, the start command`,
			`for example: command = ["python", "serve.py"]`,
		}, "server", "kind")
	case !isCommand && written:
		r.atKey(problem{
			"misplaced-key", `server.command is only for server.kind "command"`,
			`remove it, or write: kind = "command"`,
		}, "server", "command")
	case isCommand && s.Command[0] == "":
		r.atValue(problem{"invalid-value", "server.command starts with an empty string", ""}, "server", "command", "0")
	}
}

func (r *report) validateImage(i Image) {
	for n, tag := range i.Tags {
		r.tag(tag, "image", "tags", strconv.Itoa(n))
	}
	for n, platform := range i.Platforms {
		r.platform(platform, i.Platforms[:n], "image", "platforms", strconv.Itoa(n))
	}
	for _, key := range slices.Sorted(maps.Keys(i.Labels)) {
		if r.written("image", "labels", key) && !matches(labelKeyPattern, key) {
			r.atKey(problem{
				"invalid-name", fmt.Sprintf("label key %q must be letters, digits, '.', '-', '_' and '/'", key),
				`for example "com.example.team"`,
			}, "image", "labels", key)
		}
		if strings.HasPrefix(key, imagespec.LabelPrefix) {
			r.atKey(problem{
				"invalid-name", fmt.Sprintf("label key %q begins with %q, and those are what deployfile says itself of an image or a deployment", key, imagespec.LabelPrefix),
				`for example "com.example.team"`,
			}, "image", "labels", key)
		}
	}
	if r.written("image", "user") {
		r.user(i.User, "image", "user")
	}
}

func (r *report) tag(value string, path ...string) {
	if !r.written(path...) {
		return
	}
	named, p := checkImage(describe(path), value)
	if p.message == "" && reference.IsNameOnly(named) {
		return
	}
	if _, digested := named.(reference.Digested); digested {
		p = problem{"invalid-image", fmt.Sprintf("%s: %q has a digest, which cannot be pushed to", describe(path), value),
			"leave out what follows the \"@\""}
	}
	r.problem(p, path)
}

func (r *report) platform(value string, before []string, path ...string) {
	if !r.written(path...) {
		return
	}
	known := platforms()
	switch {
	case slices.Contains(before, value):
		r.atValue(problem{"duplicate", fmt.Sprintf("platform %q is listed twice", value), "remove one"}, path...)
	case slices.Contains(known, value):
	default:
		p := problem{rule: "unknown-value", message: fmt.Sprintf("unknown platform %q", value), hint: didYouMean(value, known)}
		switch value {
		case "amd64", "x86_64", "linux/x86_64", "x86-64", "linux/x86-64":
			p.hint = `did you mean "linux/amd64"?`
		case "arm64", "aarch64", "linux/aarch64", "linux/arm64/v8":
			p.hint = `did you mean "linux/arm64"?`
		}
		r.atValue(p, path...)
	}
}

func (r *report) user(value string, path ...string) {
	ids, ok := userIDs(value)
	switch {
	case !ok:
		r.atValue(problem{
			"invalid-user", fmt.Sprintf(`%s %q must be numbers, "uid" or "uid:gid"`, describe(path), value),
			"numbers need no /etc/passwd in the image, and Kubernetes can tell that it is not root",
		}, path...)
	case ids[0] == 0:
		r.warn(problem{
			"running-as-root", "the server runs as root",
			fmt.Sprintf("leave out %s to run as %s", describe(path), defaultUser),
		}, path...)
	}
}

func (r *report) oneOf(value string, known []string, path ...string) {
	if r.written(path...) && !slices.Contains(known, value) {
		r.atValue(problem{
			"unknown-value", fmt.Sprintf("unknown %s %q", describe(path), value), didYouMean(value, known),
		}, path...)
	}
}

func (r *report) port(value int, path ...string) {
	r.within(value, 1, 65535, path...)
}

func (r *report) within(value, lowest, highest int, path ...string) {
	if r.written(path...) && (value < lowest || value > highest) {
		r.atValue(problem{
			"out-of-range", fmt.Sprintf("%s must be from %d to %d, but is %s", describe(path), lowest, highest, r.index.raw(path)), "",
		}, path...)
	}
}

func (r *report) atLeastOne(value int, path ...string) {
	r.atLeast(value, 1, "", path...)
}

func (r *report) atLeast(value, lowest int, hint string, path ...string) {
	if r.written(path...) && value < lowest {
		r.atValue(problem{
			"out-of-range", fmt.Sprintf("%s must be at least %d, but is %s", describe(path), lowest, r.index.raw(path)), hint,
		}, path...)
	}
}

func (r *report) path(value string, path ...string) {
	if r.written(path...) {
		r.problem(checkPath(describe(path), value), path)
	}
}

// problem reports what a check found, if it found anything.
func (r *report) problem(p problem, path []string) {
	if p.message != "" {
		r.atValue(p, path...)
	}
}
