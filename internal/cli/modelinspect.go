package cli

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"text/tabwriter"

	"github.com/deployfile/deployfile/internal/modelpack"
	"github.com/deployfile/deployfile/internal/terminal"
	"github.com/deployfile/deployfile/report"
	"github.com/docker/go-units"
	"github.com/spf13/cobra"
)

func modelInspectCommand(s streams) *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "inspect REF",
		Short: "Say what a model in a registry is",
		Long: `Print what the manifest of the model REF says: its digest, name, version and run,
and its layers with their large files. No layer is read.`,
		Example: `  deployfile model inspect registry.example.com/models/iris:3
  deployfile model inspect --json registry.example.com/models/iris:3`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			r, err := modelArtifact(cmd.Context(), args[0])
			if err != nil {
				return err
			}
			if asJSON {
				return s.result(r)
			}
			return artifactText(s.text, r)
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print it as JSON")
	return cmd
}

func modelArtifact(ctx context.Context, reference string) (*report.ModelArtifact, error) {
	ref, err := modelReference(reference)
	if err != nil {
		return nil, err
	}
	a, err := modelpack.Open(ctx, ref)
	if err != nil {
		return nil, err
	}
	r := &report.ModelArtifact{
		Reference: a.Reference(), Kind: a.Kind, Root: a.Root, Size: a.Size(), Annotations: a.Annotations, Layers: []report.ModelLayer{},
	}
	if r.Annotations == nil {
		r.Annotations = map[string]string{}
	}
	for _, l := range a.Layers {
		layer := report.ModelLayer{Digest: l.Digest.String(), MediaType: l.MediaType, Size: l.Size, Mounts: l.Image != "", Files: []report.ModelFile{}}
		for _, f := range l.Files {
			layer.Files = append(layer.Files, report.ModelFile{Path: f.Path, Size: f.Size, SHA256: f.SHA256, Executable: f.Executable})
		}
		r.Layers = append(r.Layers, layer)
	}
	return r, nil
}

// artifactText prints a model for people.
func artifactText(w *terminal.Writer, r *report.ModelArtifact) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintf(t, "reference\t%s\nkind\t%s\n", r.Reference, r.Kind)
	if r.Root != "" {
		fmt.Fprintf(t, "directory\t%s\n", terminal.Line(r.Root))
	}
	for _, key := range slices.Sorted(maps.Keys(r.Annotations)) {
		fmt.Fprintf(t, "%s\t%s\n", terminal.Line(key), terminal.Line(r.Annotations[key]))
	}
	for _, l := range r.Layers {
		how := ""
		if l.Mounts {
			how = ", images mount it"
		}
		fmt.Fprintf(t, "layer\t%s\t%s\t%s%s\n", l.Digest, units.HumanSize(float64(l.Size)), terminal.Line(l.MediaType), how)
		for _, f := range l.Files {
			fmt.Fprintf(t, "  file\t%s\t%s\t%s\n", f.SHA256, units.HumanSize(float64(f.Size)), terminal.Line(f.Path))
		}
	}
	return t.Flush()
}
