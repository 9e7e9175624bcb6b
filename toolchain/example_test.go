package toolchain_test

import (
	"context"
	"fmt"

	"github.com/deployfile/deployfile/toolchain"
	bkllb "github.com/moby/buildkit/client/llb"
)

// A step that runs a script without a network, and whose result is the directory
// toolchain.OutputDir.
func ExampleToolchain_Run() {
	t := toolchain.Toolchain{Root: bkllb.Image("docker.io/library/python:3.11-slim"), Python: "/usr/local/bin/python3.11", Version: "3.11"}
	out := t.Run(toolchain.Step{
		Name:   "say hello",
		Script: toolchain.Script{Name: "hello.py", Source: []byte("open('/out/hello', 'w').write('hello')")},
	})
	def, err := out.Marshal(context.Background(), bkllb.LinuxAmd64)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(len(def.Def) > 0)
	// Output: true
}
