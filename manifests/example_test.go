package manifests_test

import (
	"fmt"
	"strings"

	"github.com/deployfile/deployfile/deployfile"
	"github.com/deployfile/deployfile/manifests"
	"github.com/deployfile/deployfile/manifests/kinds"
)

// The documents of a Deployfile's target, for an image that was built before.
func ExampleRender() {
	const text = `
[model]
source = "models/iris"

[targets.prod]
kind = "kubernetes"
namespace = "models"
`
	file, _, err := deployfile.Parse("Deployfile", []byte(text), kinds.All())
	if err != nil {
		fmt.Println(err)
		return
	}
	state := manifests.Deployed(nil, manifests.Release{
		Model: file.Model.Name, Target: file.Targets["prod"],
		Image: "registry.example.com/iris@sha256:" + strings.Repeat("1", 64), Port: file.Server.Port, User: "65532:65532",
	})
	documents, err := manifests.Render(state)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, d := range documents {
		fmt.Println(d.Name)
	}
	// Output:
	// deployment.yaml
	// service.yaml
}

// A canary is beside the live release until it is promoted.
func ExampleDeployed() {
	const text = `
[model]
source = "models/iris"

[targets.prod]
kind = "kubernetes"
strategy = "canary"
weight = 10
`
	file, _, err := deployfile.Parse("Deployfile", []byte(text), kinds.All())
	if err != nil {
		fmt.Println(err)
		return
	}
	first := manifests.Release{Model: "iris", Version: "1", Target: file.Targets["prod"]}
	second := first
	second.Version = "2"

	state := manifests.Deployed(nil, first)
	state = manifests.Deployed(&state, second)
	fmt.Println("live", state.Live.Version, "next", state.Next.Version)
	state, _ = manifests.Promoted(state)
	fmt.Println("live", state.Live.Version, "next", state.Next)
	// Output:
	// live 1 next 2
	// live 2 next <nil>
}
