package main

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
	"github.com/deployfile/deployfile/deployfile"
	"github.com/deployfile/deployfile/manifests"
	"github.com/spf13/cobra"
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

With --output the documents are files in a folder; of several targets, each has a
folder of its name there. Files that are in the folder already stay there.`,
		Example: `  deployfile render prod --image registry.example.com/iris@sha256:…
  deployfile render prod -o manifests/prod
  deployfile render --all -o manifests`,
		RunE: func(cmd *cobra.Command, args []string) error {
			return render(cmd.Context(), s, args, o)
		},
		ValidArgsFunction: completeTargets(func() (*project, error) { return o.open() }),
	}
	o.releaseFlags.add(cmd.Flags())
	cmd.Flags().StringVarP(&o.output, "output", "o", "-", `the folder that the documents are written to, "-" for standard output`)
	addAll(cmd.Flags(), &o.all)
	return cmd
}

func render(ctx context.Context, s streams, names []string, o renderOptions) error {
	p, err := o.open()
	if err != nil {
		return err
	}
	targets, err := p.targets(names, o.all)
	if err != nil {
		return err
	}
	if err := o.check(targets); err != nil {
		return err
	}
	steps := newSteps(s.err, o.progress)
	defer steps.close()
	var to []delivery
	for _, t := range targets {
		to = append(to, delivery{Target: t, dry: true})
	}
	releases, err := o.releases(ctx, s, p, to, steps)
	if err != nil {
		return err
	}
	steps.done()
	// What cannot be rendered is known before anything is written.
	rendered := make([][]manifests.Document, len(targets))
	for n, r := range releases {
		if rendered[n], err = manifests.Render(manifests.Deployed(nil, r)); err != nil {
			return atTarget(targets[n], err)
		}
	}
	if o.output == "-" {
		_, err := s.out.Write(stream(slices.Concat(rendered...)))
		return err
	}
	for n, t := range targets {
		folder := o.output
		if len(targets) > 1 {
			folder = filepath.Join(folder, t.Name)
		}
		if err := writeDocuments(s, t, folder, rendered[n]); err != nil {
			return err
		}
	}
	return nil
}

// stream is several documents as one text of YAML.
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

func writeDocuments(s streams, t deployfile.Target, folder string, documents []manifests.Document) error {
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return err
	}
	var names []string
	for _, d := range documents {
		if err := build.WriteFile(filepath.Join(folder, d.Name), d.Body); err != nil {
			return err
		}
		names = append(names, d.Name)
	}
	others, err := otherDocuments(folder, names)
	if err != nil {
		return err
	}
	if len(others) > 0 {
		fmt.Fprintf(s.err, "warning: %s also has %s, which target %s does not have, or no longer\n", folder, strings.Join(others, ", "), t.Name)
	}
	_, err = fmt.Fprintf(s.out, "%s: wrote %s to %s\n", t.Name, strings.Join(names, ", "), folder)
	return err
}

// otherDocuments are the YAML files of a folder that were not written now:
// whoever applies the folder would apply them too.
func otherDocuments(folder string, written []string) ([]string, error) {
	entries, err := os.ReadDir(folder)
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
