// Package kinds lists the kinds of targets. Whoever adds one adds a line here, and
// one in publish/connect.
package kinds

import (
	"github.com/deployfile/deployfile/deployfile"
	"github.com/deployfile/deployfile/manifests/azureml"
	"github.com/deployfile/deployfile/manifests/containerd"
	"github.com/deployfile/deployfile/manifests/docker"
	"github.com/deployfile/deployfile/manifests/kserve"
	"github.com/deployfile/deployfile/manifests/kubernetes"
	"github.com/deployfile/deployfile/manifests/registry"
	"github.com/deployfile/deployfile/manifests/sagemaker"
)

// All returns the kinds, in the order that messages and the JSON Schema have.
func All() []deployfile.Kind {
	return []deployfile.Kind{
		docker.Kind(),
		containerd.Kind(),
		registry.Kind(),
		kubernetes.Kind(),
		kserve.Kind(),
		sagemaker.Kind(),
		azureml.Kind(),
	}
}
