package deployfile

import (
	"cmp"
	"path"
	"slices"
	"strings"

	"github.com/distribution/reference"
)

// The documented defaults of the keys that have one of their own.
const (
	defaultMLflow     = "skinny"
	defaultCA         = "ca"
	defaultServerKind = "mlflow"
	defaultPort       = 8080
	defaultWorkers    = 1
	defaultVerify     = "build"
	defaultUser       = "65532:65532"
)

// fillDefaults sets what the text left out. It runs after the validation, which
// has refused what was written as zero or empty.
func fillDefaults(f *File) {
	f.Model.Name = modelNameOf(f)
	f.Environment.MLflow = cmp.Or(f.Environment.MLflow, defaultMLflow)
	f.Environment.CA = cmp.Or(f.Environment.CA, defaultCA)
	f.Server.Kind = cmp.Or(f.Server.Kind, defaultServerKind)
	f.Server.Port = cmp.Or(f.Server.Port, defaultPort)
	f.Server.Workers = cmp.Or(f.Server.Workers, defaultWorkers)
	f.Server.Verify = cmp.Or(f.Server.Verify, defaultVerify)
	f.Image.User = cmp.Or(f.Image.User, defaultUser)
	for name, target := range f.Targets {
		target.Name = name
		f.fillTarget(&target)
		f.Targets[name] = target
	}
}

// modelNameOf is the name that the model has or gets.
func modelNameOf(f *File) string {
	return cmp.Or(f.Model.Name, ModelName(lastPart(f.Model.Source)))
}

// lastPart is the last part of a source's path that is a name: not a version, and
// without a revision. It is "iris" of "model/iris", "models:/iris/3",
// "models:/iris@champion" and "hf://org/iris@main".
func lastPart(source string) string {
	source = path.Clean(source)
	if !IsURI(source) {
		return path.Base(source)
	}
	source, _, _ = strings.Cut(source, "#")
	source, _, _ = strings.Cut(source, "?")
	parts := strings.Split(source, "/")
	for _, part := range slices.Backward(parts[1:]) {
		part, _, _ = strings.Cut(part, "@")
		part, _, _ = strings.Cut(part, ":")
		if strings.Trim(part, "0123456789") != "" {
			return part
		}
	}
	return ""
}

// firstRepository is the repository of the first tag, or "".
func firstRepository(tags []string) string {
	if len(tags) == 0 {
		return ""
	}
	named, err := reference.ParseNormalizedNamed(tags[0])
	if err != nil {
		return ""
	}
	return reference.FamiliarName(named)
}
