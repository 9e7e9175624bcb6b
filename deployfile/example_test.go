package deployfile_test

import (
	"errors"
	"fmt"

	"github.com/deployfile/deployfile/deployfile"
	"github.com/deployfile/deployfile/manifests/kinds"
)

func ExampleParse() {
	const text = `
[model]
source = "models/iris"

[targets.prod]
kind = "kubernetes"
replicas = 2
`
	file, _, err := deployfile.Parse("Deployfile", []byte(text), kinds.All())
	if err != nil {
		fmt.Println(err)
		return
	}
	prod := file.Targets["prod"]
	fmt.Println(file.Model.Name, file.Server.Port, prod.Kind, prod.Endpoint)
	// Output: iris 8080 kubernetes iris-prod
}

// All that is wrong with a Deployfile is found at once, each with its place.
func ExampleErrors() {
	const text = `
[model]
source = "models/iris"

[environment]
pyhton = "3.11"
`
	_, _, err := deployfile.Parse("Deployfile", []byte(text), kinds.All())
	var found deployfile.Errors
	if errors.As(err, &found) {
		for _, d := range found {
			fmt.Printf("line %d: %s (%s)\n", d.Range.Start.Line, d.Message, d.Hint)
		}
	}
	// Output: line 6: unknown key "pyhton" in [environment] (did you mean "python"?)
}
