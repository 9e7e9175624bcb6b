package modelstore

import (
	"context"
	"path"
	"slices"
	"strings"

	"github.com/deployfile/deployfile/modelsource"
)

// ResolveBase returns a repository of the hub from which a model takes weights, and the
// files of it that PyTorch loads.
func ResolveBase(ctx context.Context, b modelsource.Base, o Options) (*Model, []File, error) {
	h, err := newHub(hubAddress(o), o)
	if err != nil {
		return nil, nil, err
	}
	if _, err := b.Files(h.base); err != nil {
		return nil, nil, err
	}
	h.name = modelsource.HubName{Repository: b.Repository, Revision: b.Commit}
	files, err := h.files(ctx)
	if err != nil {
		return nil, nil, err
	}
	if files, err = listed(weights(files)); err != nil {
		return nil, nil, err
	}
	return &Model{Pin: modelsource.Pin{Source: b.Source(), Resolved: b.Source(), Location: b.Source(), Server: h.base}, Store: h}, files, nil
}

// weights leaves out of a repository what is there for other frameworks than PyTorch, and
// weights in pickles if there are the same as safetensors, which transformers prefers.
func weights(files []File) []File {
	safe := slices.ContainsFunc(files, func(f File) bool { return strings.HasSuffix(f.Path, ".safetensors") })
	return slices.DeleteFunc(slices.Clone(files), func(f File) bool {
		name := path.Base(f.Path)
		switch path.Ext(name) {
		case ".h5", ".msgpack", ".ot", ".onnx", ".onnx_data", ".gguf", ".tflite", ".mlmodel":
			return true
		}
		top, _, _ := strings.Cut(f.Path, "/")
		return slices.Contains([]string{"onnx", "openvino", "coreml"}, top) ||
			safe && strings.HasPrefix(name, "pytorch_model") && (strings.HasSuffix(name, ".bin") || strings.HasSuffix(name, ".bin.index.json"))
	})
}

// HubSecrets returns the secrets by which steps ask the user's hub, nil if there is no
// token.
func HubSecrets(o Options) (map[string][]byte, error) {
	token, err := hubToken(o)
	if err != nil || token == "" {
		return nil, err
	}
	return map[string][]byte{modelsource.HubServer: []byte(hubAddress(o)), modelsource.HubToken: []byte(token)}, nil
}
