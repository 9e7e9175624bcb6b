package frontend

import (
	"context"
	"fmt"

	"github.com/deployfile/deployfile/deployfile"
)

// checkFormat refuses an image that the registry of a target does not accept, and warns
// of the attestations that buildx adds by default. deployfile deploy converts the image
// itself; buildx exports it as its own options say.
func (in *inputs) checkFormat(ctx context.Context) error {
	target, ok := in.file.Targets[in.ui.Target]
	if !ok || target.Format == "" || target.Format == deployfile.FormatOCI {
		return nil
	}
	refuse := func(format string, args ...any) error {
		return at(in.file, fmt.Errorf("target %s: "+format, append([]any{in.ui.Target}, args...)...), "targets", in.ui.Target, "format")
	}
	if in.ui.SBOM != nil {
		return refuse("an image of format %q has no attestations; leave --sbom out, and write the SBOM with --target sbom", target.Format)
	}
	if n := len(in.platforms()); target.Format == deployfile.FormatDockerManifest && n > 1 {
		return refuse("an image of format %q is for one platform, and these are %d; give --platform", target.Format, n)
	}
	if _, asked := in.client.BuildOpts().Opts["attest:provenance"]; asked {
		in.warnText(ctx, fmt.Sprintf("target %s: an image of format %q has no attestations, and buildx adds one: give --provenance=false, and oci-mediatypes=false to --output", in.ui.Target, target.Format))
	}
	return nil
}
