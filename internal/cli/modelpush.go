package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/deployfile/deployfile/deployfile"
	"github.com/deployfile/deployfile/internal/modelpack"
	"github.com/deployfile/deployfile/internal/untrusted"
	"github.com/deployfile/deployfile/mlmodel"
	"github.com/deployfile/deployfile/modelsource"
	"github.com/deployfile/deployfile/report"
	"github.com/docker/go-units"
	"github.com/google/go-containerregistry/pkg/name"
	"github.com/spf13/cobra"
)

// modelPushOptions are the flags of model push.
type modelPushOptions struct{ raw, asJSON bool }

func modelPushCommand(s streams) *cobra.Command {
	var o modelPushOptions
	cmd := &cobra.Command{
		Use:   "push REF [DIR]",
		Short: "Push a model to a registry",
		Long: `Push the MLflow model in the directory DIR, by default "model", as REF. The same
model gives the same digest.

Each file of 4 MiB or more is a layer of its own, as an image has it: a tar archive
without compression. --raw makes each of them a blob with the file's own bytes
instead, for programs that read nothing else; an image cannot mount those.

Files are hashed while they are sent, and read once. What the registry has is not
sent again, and a push that was broken off goes on where it was.`,
		Example: `  deployfile model push registry.example.com/models/iris:3
  deployfile model push --json registry.example.com/models/iris:3 artifacts/model`,
		Args: cobra.RangeArgs(1, 2),
		RunE: func(cmd *cobra.Command, args []string) error {
			dir := "model"
			if len(args) > 1 {
				dir = args[1]
			}
			return modelPush(cmd.Context(), s, args[0], dir, o)
		},
		ValidArgsFunction: directories,
	}
	cmd.Flags().BoolVar(&o.raw, "raw", false, "make each large file a blob with its own bytes")
	cmd.Flags().BoolVar(&o.asJSON, "json", false, "print the result as JSON")
	return cmd
}

func modelPush(ctx context.Context, s streams, reference, dir string, o modelPushOptions) error {
	ref, err := modelReference(reference)
	if err != nil {
		return err
	}
	tag, ok := ref.(name.Tag)
	if !ok {
		return &usageError{fmt.Errorf("%s is a digest: a model is pushed as a tag", reference)}
	}
	files, leftOut, err := openModel(dir)
	if err != nil {
		return err
	}
	defer files.Close()
	model, err := untrusted.Wait(ctx, func() (*mlmodel.Model, error) {
		m, _, err := mlmodel.Read(files, ".")
		return m, err
	})
	if err != nil {
		return err
	}
	absolute, err := filepath.Abs(dir)
	if err != nil {
		return err
	}
	shown := newBar(s, "push "+tag.String())
	done, err := modelpack.Push(ctx, tag, modelpack.PushOptions{
		Dir: files, Name: absolute, Model: model, LeftOut: leftOut, Raw: o.raw, Journals: journals(), Progress: shown.update,
	})
	shown.close()
	if err != nil {
		return err
	}
	r := report.ModelPush{
		Reference: tag.Context().Digest(done.Digest.String()).String(), Tag: tag.String(), Digest: done.Digest.String(),
		Files: done.Files, Size: done.Size, Sent: done.Sent,
	}
	if o.asJSON {
		return s.result(r)
	}
	fmt.Fprintf(s.text, "%s: %d files, %s, of which %s were sent\n%s\n", r.Tag, r.Files, units.HumanSize(float64(r.Size)), units.HumanSize(float64(r.Sent)), r.Reference)
	fmt.Fprintf(s.err, "next: source = \"%s%s\" in [model] of a Deployfile\n", ociScheme, r.Tag)
	return nil
}

// journals is the directory that remembers uploads, "" if the user has none.
func journals() string {
	cache, err := os.UserCacheDir()
	if err != nil {
		return ""
	}
	return filepath.Join(cache, "deployfile", "model-push")
}

// modelDirectory is a model's directory.
type modelDirectory interface {
	fs.FS
	Close() error
}

// openModel opens a model's directory, and says what of it is no part of the model: if
// it is that of a Deployfile, what belongs to the Deployfile.
func openModel(dir string) (modelDirectory, []string, error) {
	if _, err := os.Lstat(filepath.Join(dir, deployfile.DefaultName)); errors.Is(err, fs.ErrNotExist) {
		files, err := untrusted.OpenDirectory(dir)
		if errors.Is(err, fs.ErrNotExist) {
			err = &mlmodel.MissingModelError{Dir: dir, Err: fs.ErrNotExist}
		}
		return files, nil, err
	}
	files, err := openContext(dir, filepath.Join(dir, deployfile.DefaultName))
	return files, modelsource.LeftOut(".", deployfile.DefaultName), err
}

// ociScheme is in front of a model in a registry.
const ociScheme = "oci://"

func withoutScheme(text string) string { return strings.TrimPrefix(text, ociScheme) }
