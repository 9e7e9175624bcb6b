package cli

import (
	"context"
	"fmt"
	"os"

	"github.com/deployfile/deployfile/compare/image"
	"github.com/deployfile/deployfile/compare/verify"
	"github.com/deployfile/deployfile/deployfile"
	"github.com/spf13/cobra"
)

// verifyOptions are the flags of the verify command.
type verifyOptions struct {
	inputFlags
	asJSON bool
}

func verifyCommand(s streams) *cobra.Command {
	var o verifyOptions
	cmd := &cobra.Command{
		Use:   "verify IMAGE [CONTEXT]",
		Short: "Build an image again, and say whether it is the same",
		Long: `Build the image again from the lock in CONTEXT, taking nothing from earlier
builds, and compare the digests: whoever has the sources can prove that an image
was made from them. IMAGE is a reference to a registry, oci-layout://DIRECTORY, or an
OCI archive. Where the two differ, the layer, the file and its attribute are named,
or the field of the config. Attestations are about an image and are not compared.

The rebuild runs in an embedded builder that starts empty and is removed, unless
--builder, BUILDKIT_HOST or Docker's engine leads to another, which is told not to
use its cache. Give the --label, --build-arg and --build-context that IMAGE was
built with.

The exit code is 0 if IMAGE is what the lock makes and 1 if not, or if a registry or a
step of the build fails; --json prints something only if the two were compared.`,
		Example: `  deployfile verify registry.example.com/iris:1
  deployfile verify --json oci-layout://iris-image examples/iris`,
		Args: cobra.RangeArgs(1, 2),
		RunE: func(cmd *cobra.Command, args []string) error {
			directory, err := o.context(args[1:])
			if err != nil {
				return err
			}
			return verifyImage(cmd.Context(), s, args[0], directory, o)
		},
	}
	o.add(cmd.Flags(), s)
	o.addLabels(cmd.Flags())
	cmd.Flags().BoolVar(&o.asJSON, "json", false, "print the differences as JSON")
	return cmd
}

func verifyImage(ctx context.Context, s streams, name, dir string, o verifyOptions) (err error) {
	p, err := o.open(ctx, dir)
	if err != nil {
		return err
	}
	opt, err := o.options(p, "", s)
	if err != nil {
		return err
	}
	was, err := image.Open(ctx, name)
	if err != nil {
		return err
	}
	defer was.Close()
	rebuilt, err := os.MkdirTemp("", "deployfile-rebuild-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(rebuilt)
	b, err := verify.FindBuilder(ctx, o.builderFlags.options())
	if err != nil {
		return err
	}
	defer func() {
		if e := b.Close(); e != nil {
			s.warn(messageProblem(deployfile.SeverityWarning, fmt.Sprintf("remove the builder: %v", e)))
		}
	}()
	is, err := verify.Rebuild(ctx, b, opt, was, rebuilt)
	if err != nil {
		return err
	}
	defer is.Close()
	result, err := verify.Images(ctx, was, is)
	if err != nil {
		return err
	}
	if o.asJSON {
		err = s.result(result)
	} else {
		err = verify.Text(s.text, result)
	}
	if err == nil && !result.Same {
		err = &verify.DifferentError{Report: result}
	}
	return err
}
