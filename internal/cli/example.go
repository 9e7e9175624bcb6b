package cli

import (
	"context"
	"path"
	"regexp"
	"strings"

	"github.com/deployfile/deployfile/build"
	"github.com/deployfile/deployfile/internal/untrusted"
	"github.com/deployfile/deployfile/mlmodel"
	"github.com/deployfile/deployfile/modelsource"
)

// findExample returns the path, below the directory that a build may read, of the
// request that MLflow saved with the model; "" if there is none, or if only a builder
// can read the model. The error is that of a model that cannot be read.
func findExample(ctx context.Context, p *build.Project) (string, error) {
	return untrusted.Wait(ctx, func() (string, error) {
		scheme, err := modelsource.Find(p.File.Model.Source)
		if err != nil {
			return "", err
		}
		source := scheme.Local(p.File.Model.Source)
		if source == "" {
			return "", nil
		}
		dir, err := untrusted.OpenDirectory(p.Dir)
		if err != nil {
			return "", err
		}
		defer dir.Close()
		model, _, err := mlmodel.Read(dir, source)
		if err != nil || model.ServingInput == "" {
			return "", err
		}
		return path.Join(source, model.ServingInput), nil
	})
}

// inContext reports whether the model is in the build context. What is wrong with its
// source is somebody else's to say.
func inContext(p *build.Project) bool {
	scheme, err := modelsource.Find(p.File.Model.Source)
	return err != nil || scheme.Local(p.File.Model.Source) != ""
}

// curlExample returns the command that sends a model's example to a server, "" if its
// path would need quotes, because its name is untrusted.
func curlExample(file, url string) string {
	if command([]string{file}) == "" {
		return ""
	}
	return "curl -H 'Content-Type: application/json' -d @" + file + " " + url + "/invocations"
}

// command returns words as a line for a shell, "" if one of them would need quotes: it may
// be untrusted, and a line is copied without a look at it.
func command(words []string) string {
	for _, word := range words {
		if !regexp.MustCompile(`^[A-Za-z0-9_./:@-]+$`).MatchString(word) {
			return ""
		}
	}
	return strings.Join(words, " ")
}
