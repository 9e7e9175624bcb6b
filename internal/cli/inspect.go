package cli

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/deployfile/deployfile/build"
	"github.com/deployfile/deployfile/compare/image"
	"github.com/deployfile/deployfile/deploy"
	"github.com/deployfile/deployfile/imagespec"
	"github.com/deployfile/deployfile/internal/terminal"
	"github.com/deployfile/deployfile/report"
	"github.com/docker/go-units"
	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"
	"github.com/spf13/cobra"
)

// inspectOptions are the flags of the inspect command.
type inspectOptions struct {
	fileFlags
	asJSON bool
}

func inspectCommand(s streams) *cobra.Command {
	var o inspectOptions
	cmd := &cobra.Command{
		Use:   "inspect IMAGE|TARGET",
		Short: "Say what an image is made of, and where each part came from",
		Long: `Print the model, the environment, the base, the source and the attestations of an
image, and where each of these is said: a label, the configuration, the history of a
layer. Only manifests and configurations are read.

IMAGE is a reference to a registry, oci-layout://DIRECTORY, or an OCI archive. The
name of a target of the Deployfile stands for the image that its endpoint serves; the
lock is then the one that the endpoint's record names.`,
		Example: `  deployfile inspect registry.example.com/iris:1
  deployfile inspect --json prod`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			r, err := inspection(cmd.Context(), s, args[0], o)
			if err != nil {
				return err
			}
			if o.asJSON {
				return s.result(r)
			}
			return inspectionText(s.text, r)
		},
		ValidArgsFunction: completeTargets(o.openHere),
	}
	o.add(cmd.Flags(), s)
	cmd.Flags().BoolVar(&o.asJSON, "json", false, "print it as JSON")
	return cmd
}

func inspection(ctx context.Context, s streams, name string, o inspectOptions) (*report.Inspection, error) {
	endpoint, err := servedBy(ctx, s, name, o)
	if err != nil {
		return nil, err
	}
	if endpoint != nil {
		name = endpoint.Live.Image
	}
	img, err := image.Open(ctx, name)
	if err != nil {
		return nil, err
	}
	defer img.Close()
	r, err := inspectImage(ctx, img)
	if err != nil || endpoint == nil {
		return r, err
	}
	r.Endpoint = endpoint
	record := fmt.Sprintf("the record of revision %d at target %s", endpoint.Revision, endpoint.Target.Target)
	for n := range r.Platforms {
		f := &facts{from: record}
		f.add("lock", "digest", endpoint.Live.Lock)
		f.add("lock", "Deployfile", endpoint.Live.File)
		f.add("model", "artifact", endpoint.Live.ModelImage)
		r.Platforms[n].Facts = append(r.Platforms[n].Facts, f.list...)
	}
	return r, nil
}

// servedBy returns what a target of the Deployfile serves, nil if the Deployfile has no
// target of that name.
func servedBy(ctx context.Context, s streams, name string, o inspectOptions) (*report.Status, error) {
	p, err := o.open(ctx, o.directory)
	var missing *build.NoFileError
	if errors.As(err, &missing) && o.file == "" {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	if _, ok := p.File.Targets[name]; !ok {
		return nil, nil
	}
	steps := newSteps(s, "auto", false)
	defer steps.close()
	d, err := o.deployer(ctx, s, o.directory, steps)
	if err != nil {
		return nil, err
	}
	all, err := d.Status(ctx, deploy.Selection{Names: []string{name}})
	if err != nil {
		return nil, err
	}
	if all[0].Live == nil {
		return nil, fmt.Errorf("nothing is deployed at target %s", name)
	}
	return &all[0], nil
}

// inspectImage says what an image says of itself.
func inspectImage(ctx context.Context, img *image.Image) (*report.Inspection, error) {
	r := &report.Inspection{Image: img.Name, Digest: img.Root.Digest.String(), Platforms: []report.InspectedPlatform{}, Attestations: []report.Attestation{}}
	for _, p := range img.Platforms {
		platform := report.InspectedPlatform{Platform: p.Name, Digest: p.Descriptor.Digest.String(), Facts: platformFacts(p)}
		for _, l := range p.Layers {
			platform.Size += l.Size
		}
		r.Platforms = append(r.Platforms, platform)
	}
	statements, err := img.Statements(ctx)
	if err != nil {
		return nil, err
	}
	for _, a := range statements {
		r.Attestations = append(r.Attestations, report.Attestation{
			Platform: a.Platform, Predicate: a.Predicate, Digest: a.Descriptor.Digest.String(), Size: a.Descriptor.Size,
		})
	}
	return r, nil
}

// facts collects facts that are said at one place.
type facts struct {
	from string
	list []report.Fact
}

func (f *facts) add(about, name, value string) {
	if value != "" {
		f.list = append(f.list, report.Fact{About: about, Name: name, Value: value, From: f.from})
	}
}

// said are the labels that say something, by what it is about.
func said() map[string]struct{ about, name string } {
	return map[string]struct{ about, name string }{
		imagespec.LabelModelName:              {"model", "name"},
		ocispecs.AnnotationVersion:            {"model", "version"},
		imagespec.LabelModelFlavors:           {"model", "flavors"},
		imagespec.LabelModelID:                {"model", "id"},
		imagespec.LabelModelRunID:             {"model", "run"},
		imagespec.LabelModelRegisteredName:    {"model", "registered name"},
		imagespec.LabelModelRegisteredVersion: {"model", "registered version"},
		imagespec.LabelModelMLflow:            {"model", "logged by MLflow"},
		imagespec.LabelServerPort:             {"server", "port"},
		ocispecs.AnnotationBaseImageName:      {"base", "name"},
		ocispecs.AnnotationBaseImageDigest:    {"base", "digest"},
		ocispecs.AnnotationSource:             {"source", "repository"},
		ocispecs.AnnotationRevision:           {"source", "commit"},
		ocispecs.AnnotationCreated:            {"source", "created"},
	}
}

func platformFacts(p *image.Platform) []report.Fact {
	labels := &facts{}
	for _, key := range slices.Sorted(maps.Keys(p.Config.Config.Labels)) {
		what, ok := said()[key]
		if below, own := strings.CutPrefix(key, imagespec.LabelPrefix+"model."); !ok && own && key != imagespec.LabelModelSignature {
			what.about, what.name, ok = "model", below, true
		}
		if ok {
			labels.from = "label " + key
			labels.add(what.about, what.name, p.Config.Config.Labels[key])
		}
	}
	for _, key := range slices.Sorted(maps.Keys(p.Descriptor.Annotations)) {
		below, own := strings.CutPrefix(key, imagespec.LabelPrefix+"model.")
		value := p.Descriptor.Annotations[key]
		if !own || p.Config.Config.Labels[key] == value {
			continue
		}
		if what, ok := said()[key]; ok {
			below = what.name
		}
		labels.from = "annotation " + key
		labels.add("model", below, value)
	}
	config := &facts{from: "configuration"}
	config.add("server", "command", strings.Join(p.Config.Config.Cmd, " "))
	config.add("server", "user", p.Config.Config.User)
	layers := &facts{}
	for _, l := range p.Layers {
		layers.from = "layer " + l.Digest.String()
		if packages, ok := strings.CutPrefix(l.CreatedBy, "install "); ok {
			layers.add("environment", "packages", packages)
		} else if strings.HasPrefix(l.CreatedBy, "the model's ") {
			layers.add("model", "files", l.CreatedBy)
		}
	}
	out := slices.Concat(labels.list, config.list, layers.list)
	slices.SortStableFunc(out, func(a, b report.Fact) int { return order(a) - order(b) })
	return out
}

// order is the place of what a fact is about.
func order(f report.Fact) int {
	return slices.Index([]string{"model", "environment", "server", "base", "source", "lock"}, f.About)
}

// inspectionText prints an inspection for people.
func inspectionText(w *terminal.Writer, r *report.Inspection) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintf(t, "image\t%s\ndigest\t%s\n", terminal.Line(r.Image), r.Digest)
	if e := r.Endpoint; e != nil {
		fmt.Fprintf(t, "endpoint\t%s at target %s, revision %d\n", terminal.Line(e.Endpoint), terminal.Line(e.Target.Target), e.Revision)
	}
	for _, p := range r.Platforms {
		fmt.Fprintf(t, "\n%s\t%s, %s\n", terminal.Line(p.Platform), p.Digest, units.HumanSize(float64(p.Size)))
		for _, f := range p.Facts {
			fmt.Fprintf(t, "  %s %s\t%s\t%s\n", f.About, terminal.Line(f.Name), terminal.Line(f.Value), terminal.Line(f.From))
		}
	}
	if len(r.Attestations) > 0 {
		fmt.Fprintln(t)
	}
	for _, a := range r.Attestations {
		fmt.Fprintf(t, "attestation\t%s\t%s\n", terminal.Line(a.Predicate), a.Digest)
	}
	return t.Flush()
}
