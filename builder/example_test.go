package builder_test

import (
	"context"
	"fmt"

	"github.com/deployfile/deployfile/builder"
)

// A BuildKit that runs already, with its platform.
func ExampleFind() {
	b, err := builder.Find(context.Background(), builder.Options{Address: "unix:///run/buildkit/buildkitd.sock"})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer b.Close()
	fmt.Println(b.Platform().OS, b.Platform().Architecture)
}
