package serve_test

import (
	"context"
	"fmt"
	"net/http"
	"net/netip"
	"time"

	"github.com/deployfile/deployfile/build"
	"github.com/deployfile/deployfile/builder"
	"github.com/deployfile/deployfile/serve"
)

// The server of a project, for as long as a function runs.
func ExampleRun() {
	ctx := context.Background()
	project, err := build.OpenProject(ctx, "examples/iris", "", nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	b, err := builder.Find(ctx, builder.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer b.Close()
	err = serve.Run(ctx, b, serve.Options{
		Project: project,
		Build:   build.Options{Context: project.Dir, Progress: "quiet"},
		Listen:  netip.MustParseAddrPort("127.0.0.1:8080"),
		Grace:   10 * time.Second,
	}, func(_ context.Context, url string, _ build.Server) error {
		res, err := http.Get(url + "/ping")
		if err != nil {
			return err
		}
		return res.Body.Close()
	})
	fmt.Println(err)
}
