package llb

import (
	"slices"

	bkllb "github.com/moby/buildkit/client/llb"
)

// Checked is the same file system, which there is only once the checks have
// succeeded. Of their results nothing gets into it. But what it was made of is
// what an exported cache holds (mode=max), and so another builder finds the
// checks there and does not repeat them.
//
// Where layers cannot be merged it is the image as it is: the checks look at the
// whole of it, and there is no place below it left to put them.
func (p *Plan) Checked(in Inputs, i *Image, checks ...bkllb.State) bkllb.State {
	if !in.Merge || len(checks) == 0 {
		return i.State
	}
	// The start command's layer is a few kB and waits for the checks, so that
	// all others can be made meanwhile.
	last := len(i.Environment) - 1
	checked := Image{Base: i.Base, Environment: slices.Clone(i.Environment), Content: i.Content}
	files := bkllb.Copy(i.Environment[last], "/", "/", in.whole())
	for _, c := range checks {
		files = files.Copy(c, "/nothing*", "/", &bkllb.CopyInfo{AllowWildcard: true, AllowEmptyWildcard: true, CreatedTime: epoch()})
	}
	checked.Environment[last] = bkllb.Scratch().File(files, in.internal("wait for the checks")...)
	p.put(in, &checked, p.layerNames())
	return checked.State
}
