package build_test

import (
	"context"
	"fmt"
	"os"

	"github.com/deployfile/deployfile/build"
	"github.com/deployfile/deployfile/builder"
	"github.com/deployfile/deployfile/compare"
	"github.com/deployfile/deployfile/frontend"
)

// The image of a project, as a directory with an OCI image layout.
func ExampleRun() {
	ctx := context.Background()
	b, err := builder.Find(ctx, builder.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer b.Close()
	output, err := build.ParseOutput("type=oci,tar=false,dest=iris-image")
	if err != nil {
		fmt.Println(err)
		return
	}
	result, err := build.Run(ctx, b, build.Options{
		Context: "examples/iris", Outputs: []build.Output{output}, Progress: "plain", Log: os.Stderr,
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(result.Metadata["containerimage.digest"])
}

// A new lock in place of the old one, as the command lock does it.
func ExampleReadLock() {
	ctx := context.Background()
	old, err := build.ReadLock(ctx, "examples/iris/Deployfile"+build.LockSuffix)
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
	var made map[string][]byte
	_, err = build.Run(ctx, b, build.Options{
		Context: "examples/iris", Target: frontend.OutputLock, Progress: "quiet",
		Then: func(ctx context.Context, built *build.Built) (err error) {
			made, err = built.Files(ctx)
			return err
		},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	changes, err := compare.Locks(old.Name(), old.Files, made)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, c := range changes.Changes {
		fmt.Println(c.Kind, c.Name, c.Was, c.Is)
	}
	if err := old.Replace(made); err != nil {
		fmt.Println(err)
	}
}
