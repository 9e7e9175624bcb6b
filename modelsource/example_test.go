package modelsource_test

import (
	"fmt"

	"github.com/deployfile/deployfile/modelsource"
	bkllb "github.com/moby/buildkit/client/llb"
)

// The model of a Deployfile with source = "models/iris", in a build context.
func Example() {
	const source = "models/iris"
	scheme, err := modelsource.Find(source)
	if err != nil {
		fmt.Println(err)
		return
	}
	tree, err := scheme.Tree(modelsource.Request{Source: source, Context: bkllb.Local("context")})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(tree.Path("MLmodel"))
	// Output: /models/iris/MLmodel
}
