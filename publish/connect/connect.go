// Package connect opens the connection to a target of any kind. It is apart
// from package publish so that the kinds' packages can use that one.
package connect

import (
	"context"
	"fmt"
	"io"

	"github.com/deployfile/deployfile/deployfile"
	"github.com/deployfile/deployfile/publish"
	"github.com/deployfile/deployfile/publish/azureml"
	"github.com/deployfile/deployfile/publish/containerd"
	"github.com/deployfile/deployfile/publish/docker"
	"github.com/deployfile/deployfile/publish/kubernetes"
	"github.com/deployfile/deployfile/publish/registry"
	"github.com/deployfile/deployfile/publish/sagemaker"
)

// Open connects to a target and to the endpoint that it names there. Later warnings of
// the target are written to warnings, one per line; nil discards them.
func Open(ctx context.Context, t deployfile.Target, warnings io.Writer) (publish.Publisher, error) {
	switch t.Kind {
	case "registry":
		return opened(registry.Open(ctx, registry.Options{Target: t}))
	case "docker":
		return opened(docker.Open(ctx, docker.Options{Target: t}))
	case "containerd":
		return opened(containerd.Open(ctx, containerd.Options{Target: t}))
	case "kubernetes", "kserve":
		return opened(kubernetes.Open(ctx, kubernetes.Options{Target: t, Warnings: warnings}))
	case "sagemaker":
		return opened(sagemaker.Open(ctx, sagemaker.Options{Target: t}))
	case "azureml":
		return opened(azureml.Open(ctx, azureml.Options{Target: t}))
	}
	return nil, fmt.Errorf("no connection is known for kind %q", t.Kind)
}

// opened returns a nil interface with an error, and not an interface that holds a nil
// pointer.
func opened[P publish.Publisher](p P, err error) (publish.Publisher, error) {
	if err != nil {
		return nil, err
	}
	return p, nil
}
