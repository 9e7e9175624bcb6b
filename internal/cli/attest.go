package cli

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/deployfile/deployfile/build"
	"github.com/moby/buildkit/client"
)

// attest reads the flags of attestations, whose values are buildx's.
func (o *buildOptions) attest(opt *build.Options) error {
	opt.SBOM = o.sbom
	switch wanted, err := strconv.ParseBool(o.provenance); {
	case err == nil && wanted:
		opt.Provenance = "mode=min"
	case err == nil:
	case slices.Contains(provenanceModes(), o.provenance):
		opt.Provenance = o.provenance
	default:
		return &usageError{fmt.Errorf("--provenance %q is none of %s", o.provenance, strings.Join(provenanceModes(), ", "))}
	}
	return o.checkAttestable(*opt)
}

// provenanceModes are the values of --provenance.
func provenanceModes() []string { return []string{"mode=min", "mode=max", "true", "false"} }

// checkAttestable refuses attestations of an image that can have none.
func (o *buildOptions) checkAttestable(opt build.Options) error {
	inDockersFormat := func(out build.Output) bool { return out.Type == client.ExporterDocker }
	if (opt.SBOM || opt.Provenance != "") && (o.load || slices.ContainsFunc(opt.Outputs, inDockersFormat)) {
		return &usageError{errors.New("an image in Docker's format has no attestations: use --sbom and --provenance with --push or --output type=oci,dest=FILE")}
	}
	return nil
}
