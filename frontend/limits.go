package frontend

import (
	"fmt"
	"math"
	"time"

	"github.com/deployfile/deployfile/toolchain"
	bkllb "github.com/moby/buildkit/client/llb"
	"github.com/moby/buildkit/solver/pb"
)

// limits returns the limits of steps that run untrusted programs, from --ulimit nproc
// and data, as in buildx, and ArgStepTimeout. Only the caller sets them, not the
// Deployfile, which may be untrusted.
func (r *request) limits() (toolchain.Limits, error) {
	var l toolchain.Limits
	for _, u := range r.ui.Ulimits {
		n := u.Hard
		if n < 0 {
			n = math.MaxInt64
		}
		switch u.Name {
		case "nproc":
			l.Processes = n
		case "data":
			l.Data = n
		default:
			return l, fmt.Errorf("--ulimit %s: a build has limits for nproc (processes) and data (bytes of one process); what a whole step has is set with --resource memory=SIZE", u.Name)
		}
	}
	text := r.ui.BuildArgs[ArgStepTimeout]
	if text == "" {
		return l, nil
	}
	var err error
	if l.Time, err = time.ParseDuration(text); err != nil || l.Time < time.Second {
		return l, fmt.Errorf("build argument %s: %q is not a duration of a second or more, such as 30m", ArgStepTimeout, text)
	}
	return l, nil
}

// resources returns the limits of each step's control group, --resource of buildx. They
// are no part of what a step is, so that its cached result is used whatever they are.
func (r *request) resources() []bkllb.ConstraintsOpt {
	res, caps := r.ui.LinuxResources, r.client.BuildOpts().LLBCaps
	if res == nil || caps.Supports(pb.CapExecMetaLinuxResources) != nil {
		return nil
	}
	return []bkllb.ConstraintsOpt{bkllb.WithLinuxResources(bkllb.LinuxResources{
		Memory: res.Memory, MemorySwap: res.MemorySwap, CPUShares: res.CpuShares, CPUPeriod: res.CpuPeriod, CPUQuota: res.CpuQuota,
		CpusetCpus: res.CpusetCpus, CpusetMems: res.CpusetMems,
	})}
}
