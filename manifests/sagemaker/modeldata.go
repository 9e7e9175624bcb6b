package sagemaker

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/deployfile/deployfile/deployfile"
	"github.com/deployfile/deployfile/imagespec"
	"github.com/deployfile/deployfile/manifests"
)

var (
	_ deployfile.ModelApart = (*Spec)(nil)
	_ deployfile.ModelStore = (*Spec)(nil)
)

// ModelApart implements deployfile.ModelApart.
func (s *Spec) ModelApart() string {
	if s.Data != "" {
		return deployfile.ModelData
	}
	return ""
}

// ModelData implements deployfile.ModelStore: each endpoint has its own copies, so that
// what is deleted with one is not another's.
func (s *Spec) ModelData(endpoint, digest string) string {
	return strings.TrimSuffix(s.Data, "/") + "/" + endpoint + "/" + digest + "/"
}

// modelData matches what ModelData returns.
var modelData = regexp.MustCompile(`^s3://[^\s?#]+/([A-Za-z0-9-]+)/([0-9a-f]{64})/$`)

// ParseModelData returns the endpoint and the digest of the files of a model in S3.
func ParseModelData(name string) (endpoint, digest string, ok bool) {
	m := modelData.FindStringSubmatch(name)
	if m == nil {
		return "", "", false
	}
	return m[1], m[2], true
}

// The documents of a model in S3 are a part of its container.
type (
	dataSource   struct{ S3DataSource s3DataSource }
	s3DataSource struct{ S3Uri, S3DataType, CompressionType string }
)

// addModelData has a container get the files of the model from S3.
func (s *Spec) addModelData(c *container, r manifests.Release) error {
	switch {
	case s.Data == "" && r.ModelImage == "":
		return nil
	case s.Data == "":
		return fmt.Errorf("the image %s was built without the model: set %s", r.Image, deployfile.ModelData)
	case r.ModelImage == "":
		return fmt.Errorf("%s is set, and nothing says which model goes with the image %s: name it with --model-image", deployfile.ModelData, r.Image)
	}
	_, digest, ok := ParseModelData(r.ModelImage)
	if !ok {
		return fmt.Errorf("%q is no model in S3, s3://BUCKET/PREFIX/ENDPOINT/SHA256/, as status prints it", r.ModelImage)
	}
	c.ModelDataSource = &dataSource{s3DataSource{S3Uri: r.ModelImage, S3DataType: "S3Prefix", CompressionType: "None"}}
	c.Environment[imagespec.ModelDataVariable] = digest
	return nil
}

// checkModelData reports what SageMaker has not for a model in S3, and variables that say
// where it is.
func (s *Spec) checkModelData(c *deployfile.Check) {
	if s.Data == "" || !c.Has(deployfile.ModelData) {
		return
	}
	for _, key := range []string{"serverless", "batch"} {
		if c.Has(key) {
			c.AtKey(problem("conflict", fmt.Sprintf("%s is not for %s: SageMaker takes no model from S3 for it", c.Called(deployfile.ModelData), c.Called(key)), "leave out one of the two"), key)
		}
	}
	for _, name := range []string{imagespec.ModelDataVariable, "MODEL_PATH"} {
		if c.Has("env", name) {
			c.AtKey(problem("conflict", fmt.Sprintf("%s is set by %s", c.Called("env", name), deployfile.ModelData), "remove it"), "env", name)
		}
	}
}
