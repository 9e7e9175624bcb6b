package imagespec_test

import (
	"fmt"
	"strings"

	"github.com/deployfile/deployfile/imagespec"
)

// The labels of an image that deployfile set, as docker image inspect prints them.
func Example() {
	labels := map[string]string{
		"io.github.deployfile.model.name":        "iris",
		"io.github.deployfile.model.flavors":     "python_function,sklearn",
		"org.opencontainers.image.base.name":     "python:3.11-slim",
		"com.example.reviewed-by.some.body.else": "yes",
	}
	fmt.Println(labels[imagespec.LabelModelName], strings.Split(labels[imagespec.LabelModelFlavors], ","))
	// Output: iris [python_function sklearn]
}
