package resolver_test

import (
	"fmt"
	"os"

	"github.com/deployfile/deployfile/resolver"
)

// The wheels that a build for amd64 installs, without a builder.
func ExampleSelect() {
	data, err := os.ReadFile("../llb/testdata/iris/Deployfile.lock")
	if err != nil {
		fmt.Println(err)
		return
	}
	lock, err := resolver.ParseLock(data)
	if err != nil {
		fmt.Println(err)
		return
	}
	platform := lock.Platform("linux/amd64")
	data, err = os.ReadFile("../llb/testdata/iris/" + platform.Pylock)
	if err != nil {
		fmt.Println(err)
		return
	}
	pylock, err := platform.ParsePylock(data)
	if err != nil {
		fmt.Println(err)
		return
	}
	wheels, _, err := platform.Installs(lock.Toolchain.PythonVersion, pylock)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, w := range wheels {
		if w.Name == "numpy" {
			fmt.Println(w.Filename)
		}
	}
	// Output: numpy-2.4.6-cp311-cp311-manylinux_2_27_x86_64.manylinux_2_28_x86_64.whl
}
