package llb

import (
	_ "embed"
	"fmt"
	"path"
	"strings"

	"github.com/deployfile/deployfile/toolchain"
	"github.com/moby/buildkit/client/llb"
	"github.com/moby/buildkit/solver/pb"
)

//go:embed verify.py
var verifySource []byte

// Verify is a step that starts the server in the built image, as the image's
// user and without a network, waits for /ping and posts the model's saved
// input. It fails where the image would.
func (p *Plan) Verify(in Inputs, image llb.State) llb.State {
	args := []string{p.Base.Python, "-I", "-B", "/run/deployfile/verify.py", p.Server.Kind, fmt.Sprint(p.Server.Port)}
	if p.Server.Kind == "mlflow" && p.Model.ServingInput != "" {
		args = append(args, path.Join(ModelDir, p.Model.ServingInput))
	}
	opts := []llb.RunOption{
		llb.Args(args),
		llb.User(p.Config.User),
		llb.Dir(p.Config.WorkingDir),
		llb.Network(pb.NetMode_NONE),
		llb.AddMount("/tmp", llb.Scratch(), llb.Tmpfs()),
		llb.AddMount("/run/deployfile", toolchain.Script{Name: "verify.py", Source: verifySource}.State(in.Constraints...), llb.Readonly),
		llb.WithCustomName("verify that the image answers"),
	}
	for _, e := range p.Config.Env {
		k, v, _ := strings.Cut(e, "=")
		opts = append(opts, llb.AddEnv(k, v))
	}
	for _, c := range in.Constraints {
		opts = append(opts, c)
	}
	// The image's user may write there, and nowhere else that is kept.
	answer := llb.Scratch().File(llb.Mkdir("/answer", 0o777, llb.WithCreatedTime(toolchain.Epoch())), in.named("[internal] answer")...)
	return image.Run(opts...).AddMount(toolchain.OutputDir, answer)
}
