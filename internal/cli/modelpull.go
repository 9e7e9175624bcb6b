package cli

import (
	"context"
	"fmt"

	"github.com/deployfile/deployfile/internal/modelpack"
	"github.com/deployfile/deployfile/report"
	"github.com/docker/go-units"
	"github.com/spf13/cobra"
)

func modelPullCommand(s streams) *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "pull REF DIR",
		Short: "Pull a model from a registry into a new directory",
		Long: `Pull the model REF into the new directory DIR, which is there complete or not at all.
All bytes are checked by the digests in the manifest. REF is what model push, KitOps,
modctl or another tool for ModelPack has pushed. Names and links that lead out of the
directory are refused.`,
		Example: "  deployfile model pull registry.example.com/models/iris:3 model",
		Args:    cobra.ExactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			return modelPull(cmd.Context(), s, args[0], args[1], asJSON)
		},
		ValidArgsFunction: directories,
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print the result as JSON")
	return cmd
}

func modelPull(ctx context.Context, s streams, reference, dir string, asJSON bool) error {
	ref, err := modelReference(reference)
	if err != nil {
		return err
	}
	a, err := modelpack.Open(ctx, ref)
	if err != nil {
		return err
	}
	r := report.ModelPull{Reference: a.Reference(), Directory: dir, Size: a.Size()}
	shown := newBar(s, "pull "+ref.String())
	err = makeDirectory(dir, func(temp string) (err error) {
		r.Files, err = a.Pull(ctx, temp, shown.update)
		return err
	})
	shown.close()
	if err != nil {
		return err
	}
	if asJSON {
		return s.result(r)
	}
	_, err = fmt.Fprintf(s.text, "%s has the %d files of %s, %s\n", dir, r.Files, r.Reference, units.HumanSize(float64(r.Size)))
	return err
}
