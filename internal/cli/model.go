package cli

import (
	"fmt"

	"github.com/deployfile/deployfile/internal/registryclient"
	"github.com/google/go-containerregistry/pkg/name"
	"github.com/spf13/cobra"
)

func modelCommand(s streams) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "model",
		Short: "Keep models in a registry: push, pull and inspect them",
		Long: `Keep models in a registry of images, as artifacts of the CNCF's ModelPack format.

A Deployfile names one as source = "oci://REF" of [model]. Large files are layers that
images have as they are: a build from a pushed model, pushed to the same registry,
moves none of their bytes.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(modelPushCommand(s), modelPullCommand(s), modelInspectCommand(s))
	return cmd
}

// modelReference parses the name of a model in a registry, with or without oci://.
func modelReference(text string) (name.Reference, error) {
	ref, err := registryclient.ParseReference(withoutScheme(text))
	if err != nil {
		return nil, &usageError{fmt.Errorf("%q: %w", text, err)}
	}
	return ref, nil
}
