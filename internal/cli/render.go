package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/deployfile/deployfile/build"
	"github.com/deployfile/deployfile/deploy"
	"github.com/deployfile/deployfile/deployfile"
	"github.com/deployfile/deployfile/manifests"
	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"
)

// renderOptions are the flags of the render command.
type renderOptions struct {
	releaseFlags
	output string
	all    bool
}

func renderCommand(s streams) *cobra.Command {
	var o renderOptions
	cmd := &cobra.Command{
		Use:   "render [TARGET…]",
		Short: "Print what a target would be given",
		Long: `Print what deployfile deploy would give a target that has nothing yet: Kubernetes
objects, a container's description, … in YAML. No target is asked, so the release
is rendered as the live one, whatever the strategy.

The image is that of --image, where a digest needs neither a builder nor a
registry. Without --image it is built as deployfile deploy builds it, and not
pushed: what is rendered names the digest that a push will have.

With --output the documents are files in a directory; of several targets, each has a
directory of its name there. Files that are in the directory already stay there.`,
		Example: `  deployfile render prod --image registry.example.com/iris@sha256:…
  deployfile render prod -o manifests/prod
  deployfile render --all -o manifests`,
		RunE: func(cmd *cobra.Command, args []string) error {
			return render(cmd.Context(), s, args, o)
		},
		ValidArgsFunction: completeTargets(o.openHere),
	}
	o.releaseFlags.add(cmd.Flags(), s)
	cmd.Flags().StringVarP(&o.output, "output", "o", "-", "the `DIRECTORY` that the documents are written to, - for standard output")
	addAll(cmd.Flags(), &o.all)
	return cmd
}

func render(ctx context.Context, s streams, wanted []string, o renderOptions) error {
	steps := newSteps(s, o.progress, false)
	defer steps.close()
	d, err := o.deployer(ctx, s, o.directory, steps)
	if err != nil {
		return err
	}
	d.Build.Patience = patience
	// Everything is rendered before anything is written.
	rendered, err := d.Render(ctx, deploy.RenderOptions{Selection: deploy.Selection{Names: wanted, All: o.all}, Images: o.images})
	if err != nil {
		return err
	}
	steps.Done()
	if o.output == "-" {
		var all []manifests.Document
		for _, r := range rendered {
			all = append(all, r.Documents...)
		}
		_, err := s.out.Write(stream(all))
		return err
	}
	// Each file is synced, so that it is complete or missing.
	var group errgroup.Group
	group.SetLimit(maxParallel)
	notes := make([]string, len(rendered))
	for n, r := range rendered {
		dir := o.output
		if len(rendered) > 1 {
			dir = filepath.Join(dir, r.Target.Name)
		}
		group.Go(func() (err error) {
			notes[n], err = writeDocuments(r.Target, dir, r.Documents)
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return err
	}
	for n, r := range rendered {
		if notes[n] != "" {
			s.warn(messageProblem(deployfile.SeverityWarning, notes[n]))
		}
		fmt.Fprintf(s.text, "%s: wrote %s\n", r.Target.Name, strings.Join(names(r.Documents), ", "))
	}
	return nil
}

// maxParallel is the number of directories that are written concurrently.
const maxParallel = 16

// stream returns several documents as one YAML stream.
func stream(documents []manifests.Document) []byte {
	var b bytes.Buffer
	for n, d := range documents {
		if n > 0 && !bytes.HasPrefix(d.Body, []byte("---")) {
			b.WriteString("---\n")
		}
		b.Write(d.Body)
	}
	return b.Bytes()
}

// writeDocuments writes the documents of a target to a directory, and returns warnings
// about it.
func writeDocuments(t deployfile.Target, dir string, documents []manifests.Document) (note string, err error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", err
	}
	for _, d := range documents {
		if err := build.WriteFile(filepath.Join(dir, d.Name), d.Body); err != nil {
			return "", err
		}
	}
	others, err := otherDocuments(dir, names(documents))
	if len(others) > 0 {
		note = fmt.Sprintf("%s also has %s, which target %s does not have, or no longer", dir, strings.Join(others, ", "), t.Name)
	}
	return note, err
}

func names(documents []manifests.Document) []string {
	var out []string
	for _, d := range documents {
		out = append(out, d.Name)
	}
	return out
}

// otherDocuments returns the YAML files of a directory that were not written now:
// applying the directory would apply them, too.
func otherDocuments(dir string, written []string) ([]string, error) {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	var out []string
	for _, e := range entries {
		if filepath.Ext(e.Name()) == ".yaml" && !e.IsDir() && !slices.Contains(written, e.Name()) {
			out = append(out, e.Name())
		}
	}
	return out, err
}
