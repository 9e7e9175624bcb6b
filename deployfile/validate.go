package deployfile

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/deployfile/deployfile/imagespec"
)

// validate checks what the text has: each value by the tags of its key, and then
// how keys go together.
func (r *report) validate(f *File) {
	r.unsupportedServer(f.Server)
	r.values(nil, reflectOf(f))
	r.validateModel()
	r.validateEnvironment(f.Environment)
	r.validateServer(f.Server)
	r.validateImage(f.Image)
	r.validateTargets(f)
	r.validateVariables(f)
	r.validateModelConfig(f)
}

func (r *report) validateModel() {
	if !r.index.has([]string{"model", "source"}) && !r.misspelt["model.source"] && !r.said("model", "source") && !r.said("model") {
		r.atKey(Problem{
			"missing-key", "model.source is missing: it says where the MLflow Model is",
			`name the directory that holds its MLmodel file, below [model]: source = "model"`,
		}, "model", "source")
	}
}

// unsupportedServer says how the server of a kind that deployfile does not start
// by itself is started.
func (r *report) unsupportedServer(s Server) {
	if s.Kind == "mlserver" {
		r.atValue(Problem{
			"unknown-value", `unknown server.kind "mlserver"`,
			`for its protocol write: protocols = ["mlflow", "v2"]; for MLServer itself see docs/server.md, "MLServer"`,
		}, "server", "kind")
	}
}

// mlflowKeys are the keys of what stands in front of MLflow's server, and whether they ask
// for something.
func mlflowKeys(s Server) map[string]bool {
	return map[string]bool{
		"docs": s.Docs != "" && s.Docs != "mlflow", "drain-seconds": s.DrainSeconds > 0, "log": s.Log == "json", "max-body": s.MaxBody != "", "max-concurrency": s.MaxConcurrency > 0,
		"metrics": s.Metrics, "protocols": s.Protocols != nil,
	}
}

func (r *report) validateServer(s Server) {
	if r.said("server") || r.said("server", "kind") || r.said("server", "command") {
		return
	}
	written := r.index.has([]string{"server", "command"})
	switch isCommand := s.Kind == "command"; {
	case isCommand && len(s.Command) == 0:
		r.atValue(Problem{
			"missing-key", `server.kind "command" needs server.command, the start command`,
			`for example: command = ["python", "serve.py"]`,
		}, "server", "kind")
	case !isCommand && written:
		r.atKey(Problem{
			"misplaced-key", `server.command is only for server.kind "command"`,
			`remove it, or write: kind = "command"`,
		}, "server", "command")
	case isCommand && s.Command[0] == "":
		r.atValue(Problem{"invalid-value", "server.command starts with an empty string", ""}, "server", "command", "0")
	}
	if s.Metrics && s.Workers > 1 {
		r.atKey(Problem{"conflict", "server.metrics counts one process, and server.workers has several", "leave out workers, and have more replicas instead"}, "server", "metrics")
	}
	if s.Protocols != nil && !slices.Contains(s.Protocols, "mlflow") && !r.said("server", "protocols") {
		r.atKey(Problem{"invalid-value", `server.protocols lacks "mlflow", which builds verify images by, and predict and targets use`, `write: protocols = ["mlflow", "v2"]`}, "server", "protocols")
	}
	asked := mlflowKeys(s)
	for _, key := range slices.Sorted(maps.Keys(asked)) {
		if s.Kind == "command" && asked[key] {
			r.atKey(Problem{"misplaced-key", fmt.Sprintf(`server.%s is only for server.kind "mlflow"`, key), "remove it: the server of the command does this by itself"}, "server", key)
		}
	}
}

func (r *report) validateImage(i Image) {
	for n, platform := range i.Platforms {
		if path := []string{"image", "platforms", strconv.Itoa(n)}; slices.Contains(i.Platforms[:n], platform) && r.written(path...) {
			r.atValue(Problem{"duplicate", fmt.Sprintf("platform %q is listed twice", platform), "remove one"}, path...)
		}
	}
	for _, key := range slices.Sorted(maps.Keys(i.Labels)) {
		if strings.HasPrefix(key, imagespec.LabelPrefix) {
			r.atKey(Problem{
				"invalid-name", fmt.Sprintf("label key %q begins with %q, and those are what deployfile says itself of an image or a deployment", key, imagespec.LabelPrefix),
				`for example "com.example.team"`,
			}, "image", "labels", key)
		}
	}
	if ids, ok := userIDs(i.User); ok && ids[0] == 0 && r.written("image", "user") {
		r.warn(Problem{
			"running-as-root", "the server runs as root",
			fmt.Sprintf("leave out image.user to run as %s", mustKey[Image]("user").standard),
		}, "image", "user")
	}
}
