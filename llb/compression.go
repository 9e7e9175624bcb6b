package llb

import (
	bkllb "github.com/moby/buildkit/client/llb"
)

// BuildKit keeps a layer as it was first compressed, and exports it so whatever the next
// export asks for. So that an image has one digest on every builder, the vertices of its
// layers differ with their compression: by a variable that no step reads, or by a copy that
// excludes what nothing is called. Those of gzip have neither.

// compressed is the environment of steps that make layers.
func (in Inputs) compressed() map[string]string {
	if in.Compression == "" {
		return nil
	}
	return map[string]string{"DEPLOYFILE_COMPRESSION": in.Compression}
}

// nothing is a pattern for each compression but gzip, which matches nothing in a layer.
func (in Inputs) nothing() []string {
	if in.Compression == "" {
		return nil
	}
	return []string{"../" + in.Compression}
}

// apart returns a small layer in a vertex of its own for the compression.
func (in Inputs) apart(layer bkllb.State) bkllb.State {
	if in.Compression == "" {
		return layer
	}
	return bkllb.Scratch().File(bkllb.Copy(layer, "/", "/", in.whole()),
		in.internal("keep the layers of "+in.Compression+" apart")...)
}

// whole is how a layer is copied whole.
func (in Inputs) whole() *bkllb.CopyInfo {
	return &bkllb.CopyInfo{CopyDirContentsOnly: true, CreatedTime: epoch(), ExcludePatterns: in.nothing()}
}
