package sagemaker

import (
	_ "embed" // for the doc comments
	"fmt"

	"github.com/deployfile/deployfile/deployfile"
)

//go:embed batch.go
var batchSource string

// Batch says what `predict --batch` runs on.
type Batch struct {
	// InstanceType is what an instance runs on; the default is that of the endpoint.
	InstanceType string `toml:"instance-type" json:"instance-type,omitzero" format:"instance-type"`
	// Instances is how many instances run, 1 by default.
	Instances int `toml:"instances" json:"instances,omitzero" min:"1" max:"100" default:"1"`
}

// BatchType returns the type of instance that a batch runs on, "" if nothing says it.
func (s *Spec) BatchType() string {
	if s.Batch != nil && s.Batch.InstanceType != "" {
		return s.Batch.InstanceType
	}
	return s.InstanceType
}

// BatchInstances returns how many instances a batch runs on.
func (s *Spec) BatchInstances() int {
	if s.Batch == nil {
		return 1
	}
	return max(1, s.Batch.Instances)
}

// checkBatch reports a type of instance that cannot run the endpoint's image.
func (s *Spec) checkBatch(c *deployfile.Check) {
	if !c.Has("batch", "instance-type") || c.Reported("instance-type") {
		return
	}
	if is, want := Platform(s.Batch.InstanceType), Platform(s.InstanceType); s.Batch.InstanceType != "" && is != want {
		c.AtValue(problem("conflict", fmt.Sprintf("%s runs %s, but the image is deployed for %s", c.Called("batch", "instance-type"), is, want), "use another type of instance"), "batch", "instance-type")
	}
}
