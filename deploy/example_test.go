package deploy_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/deployfile/deployfile/build"
	"github.com/deployfile/deployfile/deploy"
)

// project writes a Deployfile with a target and opens it.
func project(ctx context.Context) (*build.Project, error) {
	dir, err := os.MkdirTemp("", "deployfile-example-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	const text = `
[model]
name = "iris"
source = "model"

[targets.local]
kind = "docker"
port = 9000
`
	if err := os.WriteFile(filepath.Join(dir, "Deployfile"), []byte(text), 0o644); err != nil {
		return nil, err
	}
	return build.OpenProject(ctx, dir, "", nil)
}

// What Docker's engine would be given, without an engine and without a build.
func ExampleDeployer_Render() {
	ctx := context.Background()
	p, err := project(ctx)
	if err != nil {
		fmt.Println(err)
		return
	}
	d := deploy.Deployer{Project: p}
	rendered, err := d.Render(ctx, deploy.RenderOptions{
		Images: deploy.Images{Image: "registry.example.com/iris@sha256:" + fmt.Sprintf("%064d", 1)},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, r := range rendered {
		for _, document := range r.Documents {
			fmt.Println(r.Target.Name, r.Target.Endpoint, document.Name)
		}
	}
	// Output: local iris-local container.yaml
}

// Options that do not go together are a *build.UsageError, before anything is done.
func ExampleDeployer_Deploy() {
	ctx := context.Background()
	p, err := project(ctx)
	if err != nil {
		fmt.Println(err)
		return
	}
	d := deploy.Deployer{Project: p}
	_, err = d.Deploy(ctx, deploy.DeployOptions{Selection: deploy.Selection{Names: []string{"prod"}}})
	var usage *build.UsageError
	fmt.Println(errors.As(err, &usage), deploy.FailureOf(err))
	// Output: true other
}
