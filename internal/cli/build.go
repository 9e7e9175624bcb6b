package cli

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/deployfile/deployfile/build"
	"github.com/deployfile/deployfile/builder"
	"github.com/deployfile/deployfile/deployfile"
	"github.com/deployfile/deployfile/frontend"
	"github.com/deployfile/deployfile/internal/suggest"
	"github.com/deployfile/deployfile/report"
	"github.com/moby/buildkit/client"
	"github.com/moby/buildkit/exporter/containerimage/exptypes"
	"github.com/spf13/cobra"
)

// buildOptions are the flags of the build command.
type buildOptions struct {
	inputFlags
	output                []string
	tags                  []string
	target                string
	push, load, asJSON    bool
	metadataFile, iidFile string
	sbom                  bool
	provenance            string
}

func buildCommand(s streams) *cobra.Command {
	var o buildOptions
	cmd := &cobra.Command{
		Use:   "build [CONTEXT]",
		Short: "Build the image",
		Long: `Build the image that the Deployfile describes, from the lock if there is one,
and verify that it answers. CONTEXT, by default the directory at hand, is what the
build may read. The image's digest is printed; without --push, --load or
--output the image stays in the builder's cache. If Docker's engine is the builder,
--tag alone is --load as well.

--target takes what docker buildx build --target takes: a target of the
Deployfile, which gets the image, or

` + outputsHelp() + `
Write those that are files to a directory with --output.`,
		Example: `  deployfile build
  deployfile build --push --tag registry.example.com/iris:1
  deployfile build --locked -o type=oci,dest=iris.tar
  deployfile build --target sbom -o sboms
  deployfile build --builder tcp://buildkit.example.com:1234 --cache-from registry.example.com/cache`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			directory, closed, err := o.project(args)
			if err != nil {
				return err
			}
			defer closed()
			return buildImage(cmd.Context(), s, directory, o)
		},
		ValidArgsFunction: directories,
	}
	flags := cmd.Flags()
	o.add(flags, s)
	o.addLocked(flags)
	flags.StringArrayVarP(&o.output, "output", "o", nil, "where the image goes, an `OUTPUT` as buildx has it: type=oci,dest=FILE, type=image,name=REF,push=true, a directory, …")
	flags.StringVar(&o.target, "target", "", "what is made, a `TARGET` (default: image)")
	flags.StringArrayVarP(&o.tags, "tag", "t", nil, "the `NAME` of the image (default for --push and --load: [image] tags)")
	flags.BoolVar(&o.push, "push", false, "push the image to the registries of its tags")
	flags.BoolVar(&o.load, "load", false, "load the image into Docker's engine")
	flags.BoolVar(&o.sbom, "sbom", false, "add both SBOMs to the image, as attestations")
	flags.StringVar(&o.provenance, "provenance", "false", "add how it was built to the image, as an attestation: a `MODE`, mode=min, mode=max, true or false")
	o.addLabels(flags)
	o.addCacheTo(flags)
	flags.StringVar(&o.metadataFile, "metadata-file", "", "write what the builder says of the result to a `FILE`, as JSON")
	flags.StringVar(&o.iidFile, "iidfile", "", "write the image's id to a `FILE`")
	flags.BoolVar(&o.asJSON, "json", false, "print the result as JSON")
	completeFlag(cmd, "provenance", cobra.FixedCompletions(provenanceModes(), cobra.ShellCompDirectiveNoFileComp))
	completeFlag(cmd, "target", completeOutputs(o.openHere))
	return cmd
}

func buildImage(ctx context.Context, s streams, dir string, o buildOptions) error {
	start := time.Now()
	p, err := o.open(ctx, dir)
	if err != nil {
		return err
	}
	if err := o.checkTarget(p); err != nil {
		return err
	}
	if o.outputs, err = o.parseOutputs(p); err != nil {
		return err
	}
	opt, err := o.options(p, o.target, s)
	if err == nil {
		err = o.attest(&opt)
	}
	if err != nil {
		return err
	}
	b, err := o.find(ctx)
	if err != nil {
		return err
	}
	defer b.Close()
	result := report.Build{Pushed: []string{}, Loaded: []string{}, Written: []string{}}
	if len(o.tags) > 0 && len(opt.Outputs) == 0 && b.Kind == builder.Docker {
		// As docker build names it.
		o.load = true
		if err := o.checkAttestable(opt); err != nil {
			return err
		}
	}
	named := len(opt.Outputs) > 0 || o.load
	if o.load {
		engine, err := o.loadInto(ctx, b, p, &opt, &result)
		if err != nil {
			return err
		}
		defer engine.Close()
	}
	if len(opt.Outputs) == 0 && !o.makesFiles() {
		if err := keepNothing(ctx, b, &opt); err != nil {
			return err
		}
	}
	r, err := build.Run(ctx, b, opt)
	if err != nil {
		return err
	}
	s.warn(warningsOf(r.Warnings)...)
	result.Digest = r.Metadata[exptypes.ExporterImageDigestKey]
	addOutputs(&result, opt.Outputs)
	if err := o.writeFiles(r); err != nil {
		return err
	}
	took := time.Since(start)
	// What the builder does not tell is left out.
	if layers, err := r.Layers(ctx, b); err == nil {
		addLayers(&result, layers)
	}
	if len(o.tags) > 0 && !named {
		s.warn(messageProblem(deployfile.SeverityWarning, fmt.Sprintf("--tag %s is not used: --push brings the image to a registry, --load to Docker's engine", strings.Join(o.tags, ", "))))
	}
	fmt.Fprintln(s.err, buildSummary(result, took))
	writeNewLayers(s.err, result)
	switch {
	case slices.ContainsFunc(opt.Outputs, build.Output.ToStdout):
		return nil
	case o.asJSON:
		return s.result(result)
	case result.Digest != "":
		fmt.Fprintln(s.out, result.Digest)
	}
	return nil
}

// parseOutputs returns the outputs of --output and --push, with the names that the
// image gets there.
func (o *buildOptions) parseOutputs(p *build.Project) ([]build.Output, error) {
	if o.makesFiles() && (o.push || o.load || len(o.tags) > 0) {
		return nil, &usageError{fmt.Errorf("--target %s makes no image: give --output a directory", o.target)}
	}
	var outputs []build.Output
	for _, text := range o.output {
		out, err := build.ParseOutput(text)
		if err != nil {
			return nil, err
		}
		outputs = append(outputs, out)
	}
	if o.push {
		outputs = append(outputs, build.Output{Type: client.ExporterImage, Attrs: map[string]string{"push": "true"}})
	}
	for _, out := range outputs {
		if out.Attrs == nil || out.Attrs["name"] != "" || !out.Named() {
			continue
		}
		tags := o.tags
		if out.Pushes() && len(tags) == 0 {
			tags = p.File.Image.Tags
		}
		if out.Pushes() && len(tags) == 0 {
			return nil, &usageError{errors.New("there is no name to push to: give --tag, or set tags in [image] of the Deployfile")}
		}
		if len(tags) > 0 {
			out.Attrs["name"] = strings.Join(tags, ",")
		}
	}
	return outputs, nil
}

// outputsHelp has a line for each output.
func outputsHelp() string {
	var b strings.Builder
	for _, out := range frontend.Outputs() {
		fmt.Fprintf(&b, "  %-9s %s\n", out.Name, out.Description)
	}
	return b.String()
}

// checkTarget finds a name that is neither an output nor a target, before a builder
// is started for it.
func (o *buildOptions) checkTarget(p *build.Project) error {
	known := slices.Sorted(maps.Keys(p.File.Targets))
	for _, out := range frontend.Outputs() {
		known = append(known, out.Name)
	}
	if o.target == "" || slices.Contains(known, o.target) {
		return nil
	}
	return &usageError{fmt.Errorf("--target: there is no %q: %s", o.target, suggest.OneOf(o.target, known))}
}

// makesFiles reports whether the output is files, or nothing, rather than an image.
func (o *buildOptions) makesFiles() bool {
	return slices.ContainsFunc(frontend.Outputs(), func(out frontend.Output) bool { return out.Name == o.target && !out.Image })
}

// loadInto adds the output that loads the image into Docker's engine.
func (o *buildOptions) loadInto(ctx context.Context, b *builder.Builder, p *build.Project, opt *build.Options, result *report.Build) (*build.Engine, error) {
	engine, err := build.FindEngine(ctx)
	if err != nil {
		return nil, fmt.Errorf("--load: %w\nhint: start it, or choose another with DOCKER_HOST or docker context use; --output type=docker,dest=FILE needs none", err)
	}
	result.Loaded = o.tags
	if len(o.tags) == 0 {
		result.Loaded = p.ImageNames()
	}
	opt.Outputs = append(opt.Outputs, engine.Output(b, strings.Join(result.Loaded, ",")))
	if b.Kind == builder.Docker && slices.ContainsFunc(opt.Outputs, build.Output.Pushes) {
		return engine, engine.CheckPush()
	}
	return engine, nil
}

// keepNothing adds an output without a name, so that only the builder's cache keeps the
// image.
func keepNothing(ctx context.Context, b *builder.Builder, opt *build.Options) error {
	if b.Kind != builder.Docker {
		opt.Exports = []client.ExportEntry{{Type: client.ExporterImage}}
		return nil
	}
	engine, err := build.FindEngine(ctx)
	if err != nil {
		return err
	}
	defer engine.Close()
	opt.Outputs = []build.Output{engine.Unnamed(b)}
	return nil
}

// writeFiles writes --metadata-file and --iidfile.
func (o *buildOptions) writeFiles(r *build.Result) error {
	if o.metadataFile != "" {
		data, err := json.MarshalIndent(metadata(r.Metadata), "", "  ")
		if err != nil {
			return err
		}
		if err := build.WriteFile(o.metadataFile, append(data, '\n')); err != nil {
			return err
		}
	}
	if o.iidFile != "" {
		id := r.Metadata[exptypes.ExporterImageConfigDigestKey]
		if id == "" {
			id = r.Metadata[exptypes.ExporterImageDigestKey]
		}
		return build.WriteFile(o.iidFile, []byte(id))
	}
	return nil
}

// metadata returns the exporters' answer as buildx writes it: what is JSON in
// base64 becomes JSON.
func metadata(from map[string]string) map[string]any {
	out := map[string]any{}
	for k, v := range from {
		out[k] = v
		if data, err := base64.StdEncoding.DecodeString(v); err == nil && json.Valid(data) && strings.HasPrefix(string(data), "{") {
			out[k] = json.RawMessage(data)
		}
	}
	return out
}
