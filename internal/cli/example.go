package cli

import (
	"context"
	"path"
	"regexp"

	"github.com/deployfile/deployfile/build"
	"github.com/deployfile/deployfile/internal/invoke"
	"github.com/deployfile/deployfile/internal/untrusted"
	"github.com/deployfile/deployfile/mlmodel"
)

// example is the request that MLflow saved with a model.
type example struct {
	// name is its path below the directory that a build may read, "" if the model
	// has none.
	name string
	data []byte
}

// readExample reads the model's own example. The error is that of a model that
// cannot be read.
func readExample(ctx context.Context, p *build.Project) (example, error) {
	return untrusted.Wait(ctx, func() (e example, err error) {
		dir, err := untrusted.OpenDirectory(p.Dir)
		if err != nil {
			return e, err
		}
		defer dir.Close()
		model, _, err := mlmodel.Read(dir, p.File.Model.Source)
		if err != nil || model.ServingInput == "" {
			return e, err
		}
		e.name = path.Join(p.File.Model.Source, model.ServingInput)
		e.data, err = untrusted.ReadFile(dir, e.name, invoke.MaxBody)
		return e, err
	})
}

// curl returns the command that sends the example to a server, "" if the model has
// none, or if its path would need quotes: a stranger may have named it.
func (e example) curl(dir, url string) string {
	name := path.Join(dir, e.name)
	if e.name == "" || !regexp.MustCompile(`^[A-Za-z0-9_./-]+$`).MatchString(name) {
		return ""
	}
	return "curl -H 'Content-Type: application/json' -d @" + name + " " + url + "/invocations"
}
