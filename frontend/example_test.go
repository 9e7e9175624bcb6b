package frontend_test

import (
	"fmt"
	"os"
	"time"

	"github.com/deployfile/deployfile/frontend"
)

// What a build would read, and the findings of lint, without a builder.
func ExampleInspect() {
	text, err := os.ReadFile("../examples/iris/Deployfile")
	if err != nil {
		fmt.Println(err)
		return
	}
	found, err := frontend.Inspect("Deployfile", text, os.DirFS("../examples/iris"), nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(found.File.Model.Name, found.ModelDir, found.Inputs.Python)
	for _, f := range found.Lint(nil, nil, time.Now()) {
		fmt.Println(f.Diagnostic("Deployfile").Rule)
	}
	// Output:
	// iris model 3.11
	// unlocked-build
}

// What --target may name.
func ExampleOutputs() {
	for _, o := range frontend.Outputs() {
		if o.Image {
			fmt.Println(o.Name)
		}
	}
	// Output:
	// image
	// env
	// model
	// modelcar
	// env-model-data
}
