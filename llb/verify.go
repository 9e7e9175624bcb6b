package llb

import (
	_ "embed"
	"fmt"
	"path"
	"strings"

	"github.com/deployfile/deployfile/imagespec"
	"github.com/deployfile/deployfile/toolchain"
	bkllb "github.com/moby/buildkit/client/llb"
	"github.com/moby/buildkit/solver/pb"
)

//go:embed verify.py
var verifySource []byte

// Verify is a step that starts the server in the built image, as the image's
// user and without a network, waits for /ping and posts the model's saved
// input. It fails where the image would.
//
// Where layers can be merged, the code and the model are mounted into the
// environment, so that another model does not make the builder put all files of
// all packages together again.
func (p *Plan) Verify(in Inputs, image *Image) bkllb.State {
	args := []string{p.Base.Python, "-I", "-B", "/run/deployfile/verify.py", p.Server.Kind, fmt.Sprint(p.Server.Port)}
	if p.Server.Kind == "mlflow" && p.Model.ServingInput != "" {
		args = append(args, path.Join(imagespec.ModelDir, p.Model.ServingInput))
	}
	limits := in.Toolchain.Limits
	if limits.Data == 0 {
		// A model is as large as it is.
		limits.Data = -1
	}
	opts := []bkllb.RunOption{
		bkllb.Args(args),
		limits.Option(),
		bkllb.User(p.Config.User),
		bkllb.Dir(p.Config.WorkingDir),
		bkllb.Network(pb.NetMode_NONE),
		bkllb.AddMount("/tmp", bkllb.Scratch(), bkllb.Tmpfs()),
		bkllb.AddMount("/run/deployfile", toolchain.Script{Name: "verify.py", Source: verifySource}.State(in.Constraints...), bkllb.Readonly),
		bkllb.WithCustomName("verify that the image answers"),
	}
	root := image.State
	if in.Merge {
		root = bkllb.Merge(append([]bkllb.State{image.Base}, image.Environment...), in.named("put the environment together")...)
		opts = append(opts, p.contentMounts(in, image)...)
	}
	for _, e := range p.Config.Env {
		k, v, _ := strings.Cut(e, "=")
		opts = append(opts, bkllb.AddEnv(k, v))
	}
	for _, c := range in.Constraints {
		opts = append(opts, c)
	}
	// The image's user may write there, and nowhere else that is kept.
	answer := bkllb.Scratch().File(bkllb.Mkdir("/answer", 0o777, bkllb.WithCreatedTime(toolchain.Epoch())), in.internal("answer")...)
	return root.Run(opts...).AddMount(toolchain.OutputDir, answer)
}

func (p *Plan) contentMounts(in Inputs, image *Image) []bkllb.RunOption {
	if len(image.Content) == 0 {
		return nil
	}
	content := image.Content[0]
	if len(image.Content) > 1 {
		content = bkllb.Merge(image.Content, in.internal("put code and model together")...)
	}
	var opts []bkllb.RunOption
	if len(p.Code) > 0 {
		opts = append(opts, bkllb.AddMount(imagespec.CodeDir, content, bkllb.SourcePath(imagespec.CodeDir), bkllb.Readonly))
	}
	if len(p.Model.Files) > 0 {
		opts = append(opts, bkllb.AddMount(imagespec.ModelDir, content, bkllb.SourcePath(imagespec.ModelDir), bkllb.Readonly))
	}
	return opts
}
