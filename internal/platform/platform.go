// Package platform names platforms as locks and Deployfiles do.
package platform

import (
	"github.com/containerd/platforms"
	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"
)

// Name returns os/arch of p, normalized: linux/amd64 for x86_64. It leaves out the
// variant and the version of the operating system, which no wheel and no base of an
// image is chosen by.
func Name(p ocispecs.Platform) string {
	p = platforms.Normalize(p)
	return p.OS + "/" + p.Architecture
}
