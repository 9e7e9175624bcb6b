package frontend

import (
	"fmt"
	"path"

	"github.com/deployfile/deployfile/internal/invoke"
	"github.com/deployfile/deployfile/internal/untrusted"
	gwclient "github.com/moby/buildkit/frontend/gateway/client"
)

// AttrExample is the frontend's option by which a client asks for the request that MLflow
// saved with the model, which may be where only the builder reads it. The result has it as
// MetaExample, which the client takes out of it; it is missing for a model without one.
const (
	AttrExample = "deployfile-example"
	MetaExample = "deployfile.example"
)

// addExample adds the model's example to a result for a client that asks for it.
func (in *inputs) addExample(res *gwclient.Result) error {
	m := in.found.Model
	if in.client.BuildOpts().Opts[AttrExample] == "" || m == nil || m.ServingInput == "" {
		return nil
	}
	data, err := untrusted.ReadFile(in.found.files, path.Join(in.context.ModelDir, m.ServingInput), invoke.MaxBody)
	if err != nil {
		return fmt.Errorf("the model's own example cannot be read: %w", err)
	}
	res.AddMeta(MetaExample, data)
	return nil
}
