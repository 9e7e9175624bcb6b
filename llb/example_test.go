package llb_test

import (
	"fmt"
	"os"

	"github.com/deployfile/deployfile/deployfile"
	"github.com/deployfile/deployfile/llb"
	"github.com/deployfile/deployfile/manifests/kinds"
	"github.com/deployfile/deployfile/mlmodel"
	"github.com/deployfile/deployfile/resolver"
)

// The plan of a locked project, without a builder.
func ExampleNewPlan() {
	plan, err := iris()
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(plan.Platform, plan.Config.Cmd, plan.Model.Dir)
	for _, l := range plan.Layers[:3] {
		fmt.Println(l.Name, len(l.Wheels))
	}
	// Output:
	// linux/amd64 [serve] model
	// cryptography 1
	// numpy 1
	// pandas 1
}

func iris() (*llb.Plan, error) {
	const dir = "../examples/iris"
	text, err := os.ReadFile(dir + "/Deployfile")
	if err != nil {
		return nil, err
	}
	var s llb.Sources
	if s.File, _, err = deployfile.Parse("Deployfile", text, kinds.All()); err != nil {
		return nil, err
	}
	if s.Model, _, err = mlmodel.Read(os.DirFS(dir), s.File.Model.Source); err != nil {
		return nil, err
	}
	if text, err = os.ReadFile("testdata/iris/Deployfile.lock"); err != nil {
		return nil, err
	}
	if s.Lock, err = resolver.ParseLock(text); err != nil {
		return nil, err
	}
	if text, err = os.ReadFile("testdata/iris/pylock.toml"); err != nil {
		return nil, err
	}
	if s.Pylock, err = resolver.ParsePylock(text); err != nil {
		return nil, err
	}
	s.Platform, s.BuildPlatform = "linux/amd64", "linux/amd64"
	return llb.NewPlan(s)
}
