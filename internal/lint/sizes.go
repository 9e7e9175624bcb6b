package lint

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/deployfile/deployfile/deployfile"
	"github.com/deployfile/deployfile/resolver"
	"github.com/docker/go-units"
)

// imageSize compares what is known of the image's size without building it with
// [image] max-size.
func imageSize(in Input) []Finding {
	limit, ok := deployfile.Bytes(in.File.Image.MaxSize)
	if !ok || in.Lock == nil {
		return nil
	}
	at, _ := in.File.Position("image", "max-size")
	var out []Finding
	for _, p := range in.Lock.Platforms {
		parts := in.wheels(p)
		for _, s := range p.SystemPackages {
			parts = append(parts, sized{s.Name, s.Size})
		}
		for _, f := range in.Lock.Model {
			parts = append(parts, sized{"the model's " + f.Path, f.Size})
		}
		if total := sum(parts); total > limit {
			out = appendNew(out, Finding{
				Message: fmt.Sprintf("the packages and the model, without the base, are %s to pull, more than %s; the largest are %s",
					units.HumanSize(float64(total)), in.File.Image.MaxSize, largest(parts)),
				Fix:   "see deployfile plan --sizes, and take out what is not needed, or raise image.max-size",
				Range: at,
			})
		}
	}
	return out
}

// cudaWithoutGPU finds packages that only a GPU of NVIDIA needs.
func cudaWithoutGPU(in Input) []Finding {
	if in.Lock == nil || in.usesGPU() {
		return nil
	}
	var found []sized
	for _, p := range in.Lock.Platforms {
		// Platforms differ, since most of these packages are for one alone.
		if own := slices.DeleteFunc(in.wheels(p), func(s sized) bool { return !isCUDA(s.name) }); sum(own) > sum(found) || found == nil {
			found = own
		}
	}
	if len(found) == 0 {
		return nil
	}
	f := in.ofPackages("torch", "xgboost", "tensorflow", "jax", found[0].name)
	f.Message = fmt.Sprintf("%s: only a GPU of NVIDIA needs this, and no target has one", largest(found))
	f.Fix = in.cpuBuild()
	if bytes := sum(found); bytes > 0 {
		f.Fix += fmt.Sprintf(", which saves at least %s of every pull", units.HumanSize(float64(bytes)))
	}
	f.Fix += "; for a GPU, give a target resources.gpus"
	return []Finding{f}
}

// cpuBuild says how to get the packages without CUDA.
func (in Input) cpuBuild() string {
	locked := lockedVersions(in.Pylocks)
	switch {
	case locked["torch"] != nil:
		return `take the CPU build of torch: name PyTorch's own index for CPU under [[environment.indexes]], with packages = ["torch"], and run deployfile lock`
	case locked["xgboost"] != nil:
		return `write without = ["nvidia-nccl-cu12"] in [environment]: xgboost looks for it on several GPUs alone`
	}
	return "require the build for CPU of what brings it"
}

// usesGPU reports whether a target has a GPU, or the model cannot be run where it is
// built, as one that needs a GPU.
func (in Input) usesGPU() bool {
	if in.File.Server.Verify == "never" {
		return true
	}
	for name := range in.File.Targets {
		if _, written := in.File.Position("targets", name, "resources", "gpus"); written {
			return true
		}
	}
	return false
}

// isCUDA reports whether a package has nothing but libraries of CUDA or plug-ins that
// call them.
func isCUDA(name string) bool {
	for _, prefix := range []string{"nvidia-", "cuda-", "cupy-cuda", "jax-cuda", "pytorch-triton"} {
		if strings.HasPrefix(name, prefix) {
			return true
		}
	}
	return name == "triton" || strings.HasSuffix(name, "-cu11") || strings.HasSuffix(name, "-cu12") || strings.HasSuffix(name, "-cu13")
}

// sized is something with its size in bytes, 0 if that is not known.
type sized struct {
	name string
	size int64
}

// wheels returns the locked wheels of a platform.
func (in Input) wheels(p resolver.Platform) []sized {
	pylock := in.Pylocks[p.Pylock]
	if pylock == nil {
		return nil // the lock is stale, which another check reports
	}
	// What cannot be selected is the resolver's to report.
	wheels, _, _ := p.Installs(in.Lock.Toolchain.PythonVersion, pylock)
	var out []sized
	for _, w := range wheels {
		out = append(out, sized{normalize(w.Name), w.Size})
	}
	return out
}

func sum(parts []sized) (total int64) {
	for _, p := range parts {
		total += p.size
	}
	return total
}

// largest names the three largest parts.
func largest(parts []sized) string {
	const shown = 3
	parts = slices.SortedStableFunc(slices.Values(parts), func(a, b sized) int { return cmp.Or(cmp.Compare(b.size, a.size), cmp.Compare(a.name, b.name)) })
	var names []string
	for _, p := range parts[:min(shown, len(parts))] {
		if p.size == 0 {
			names = append(names, p.name)
			continue
		}
		names = append(names, fmt.Sprintf("%s (%s)", p.name, units.HumanSize(float64(p.size))))
	}
	if more := len(parts) - shown; more > 0 {
		names = append(names, fmt.Sprintf("%d more", more))
	}
	if len(names) == 1 {
		return names[0]
	}
	return listed(names)
}
