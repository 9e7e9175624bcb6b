package cli

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/deployfile/deployfile/build"
	"github.com/deployfile/deployfile/frontend"
	"github.com/spf13/cobra"
)

// sbomOptions are the flags of the sbom command.
type sbomOptions struct {
	inputFlags
	format, output string
}

func sbomCommand(s streams) *cobra.Command {
	var o sbomOptions
	cmd := &cobra.Command{
		Use:   "sbom [CONTEXT]",
		Short: "Print the image's SBOM",
		Long: `Print what the image is made of, as SPDX 2.3 or CycloneDX 1.6: Python packages
with their hashes and licences, Debian packages, the base image, and the model.
It is made from the lock and from what the packages say of themselves; nothing
is scanned. build --sbom=true attaches the same documents to the
image.`,
		Example: `  deployfile sbom > iris.spdx.json
  deployfile sbom --format cyclonedx -o iris.cdx.json`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			directory, err := o.context(args)
			if err != nil {
				return err
			}
			return printSBOM(cmd.Context(), s, directory, o)
		},
		ValidArgsFunction: directories,
	}
	o.add(cmd.Flags(), s)
	o.addLocked(cmd.Flags())
	cmd.Flags().StringVar(&o.format, "format", "spdx", "the `FORMAT`: spdx or cyclonedx")
	completeFlag(cmd, "format", cobra.FixedCompletions([]cobra.Completion{"spdx", "cyclonedx"}, cobra.ShellCompDirectiveNoFileComp))
	cmd.Flags().StringVarP(&o.output, "output", "o", "-", "the `FILE` that the document goes to")
	return cmd
}

func printSBOM(ctx context.Context, s streams, dir string, o sbomOptions) error {
	ending := map[string]string{"spdx": frontend.SPDXName, "cyclonedx": frontend.CycloneDXName}[o.format]
	if ending == "" {
		return &usageError{fmt.Errorf("--format: %q is neither spdx nor cyclonedx", o.format)}
	}
	p, err := o.open(ctx, dir)
	if err != nil {
		return err
	}
	files, err := o.files(ctx, s, p, frontend.OutputSBOM, nil)
	if err != nil {
		return err
	}
	var documents [][]byte
	for _, name := range slices.Sorted(maps.Keys(files)) {
		if strings.HasSuffix(name, ending) {
			documents = append(documents, files[name])
		}
	}
	if len(documents) != 1 {
		return &usageError{fmt.Errorf("a document describes one platform, and the Deployfile has %d: give --platform", len(documents))}
	}
	if o.output == "-" {
		_, err := s.out.Write(documents[0])
		return err
	}
	return build.WriteFile(o.output, documents[0])
}
