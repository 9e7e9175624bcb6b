package sagemaker

import (
	"fmt"
	"maps"
	"slices"
	"strconv"

	"github.com/deployfile/deployfile/manifests"
	"github.com/deployfile/deployfile/manifests/internal/clouds"
)

// longestImage is the longest name of an image that SageMaker takes.
const longestImage = 255

// Render implements manifests.Spec: the bodies of the requests CreateModel, for each slot,
// CreateEndpointConfig and CreateEndpoint, and of those for autoscaling. Models and configurations are immutable, so
// those of a revision have its number in their names, which a rollout adds.
func (s *Spec) Render(state manifests.State) ([]manifests.Document, error) {
	name := state.Newest().Target.Endpoint
	config := endpointConfig{EndpointConfigName: name, KmsKeyId: s.KMSKey, Tags: s.tags(), DataCaptureConfig: s.capture(), AsyncInferenceConfig: s.async()}
	var out clouds.Documents
	for i, slot := range state.Slots() {
		keys := specOf(slot.Release)
		m, err := keys.model(slot.Release)
		if err != nil {
			return nil, err
		}
		m.ModelName = name
		document, v := DocumentLive, keys.variant(VariantLive, name)
		if i > 0 {
			m.ModelName = name + "-" + VariantNext
			document, v = DocumentNext, keys.variant(VariantNext, m.ModelName)
		}
		if state.Next != nil {
			v.InitialVariantWeight = clouds.Weight(*state.Next, specOf(state.Next.Release).Weight, i > 0)
		}
		if i > 0 && slot.Track == manifests.TrackCanary {
			v.InitialInstanceCount = max(1, (v.InitialInstanceCount*keys.Weight+99)/100)
		}
		if mirror := keys.Mirror; i > 0 && mirror > 0 && slot.Track != manifests.TrackCanary {
			// SageMaker compares the weights.
			config.ProductionVariants[0].InitialVariantWeight, v.InitialVariantWeight = 100, mirror
			config.ShadowProductionVariants = []variant{v}
		} else {
			config.ProductionVariants = append(config.ProductionVariants, v)
		}
		if err := out.Add(document, *m); err != nil {
			return nil, err
		}
	}
	if err := out.Add(DocumentConfig, config); err != nil {
		return nil, err
	}
	if err := out.Add(DocumentEndpoint, endpoint{EndpointName: name, EndpointConfigName: name, DeploymentConfig: s.guarded(), Tags: s.tags()}); err != nil {
		return nil, err
	}
	return out, s.addScaling(&out, name)
}

// specOf returns the keys of a release. manifests.Render ensures that all slots are of
// one kind.
func specOf(r manifests.Release) *Spec {
	s, _ := r.Target.Spec.(*Spec)
	return s
}

func (s *Spec) model(r manifests.Release) (*model, error) {
	registry, ok := ParseRepository(r.Image)
	switch {
	case !ok:
		return nil, fmt.Errorf("SageMaker pulls from ECR alone, and the image %q is elsewhere: push it to a repository such as 123456789012.dkr.ecr.eu-central-1.amazonaws.com/%s", r.Image, r.Model)
	case s.Region != "" && registry.Region != s.Region:
		return nil, fmt.Errorf("the image is in region %s, and the endpoint in %s: SageMaker pulls from its own region alone", registry.Region, s.Region)
	case len(r.Image) > longestImage:
		return nil, fmt.Errorf("the name of the image has more than the %d characters that SageMaker takes: %s", longestImage, r.Image)
	}
	m := &model{
		PrimaryContainer:       container{Image: r.Image, Environment: s.environment()},
		ExecutionRoleArn:       s.ExecutionRole,
		EnableNetworkIsolation: s.NetworkIsolation,
		Tags:                   s.tags(),
	}
	m.PrimaryContainer.Environment["PORT"] = strconv.Itoa(port)
	if err := s.addModelData(&m.PrimaryContainer, r); err != nil {
		return nil, err
	}
	if s.VPC != nil {
		m.VpcConfig = &vpcConfig{SecurityGroupIds: s.VPC.SecurityGroups, Subnets: s.VPC.Subnets}
	}
	return m, nil
}

// environment returns the server's variables with that of its port, if that is not set.
func (s *Spec) environment() map[string]string {
	out := map[string]string{"PORT": strconv.Itoa(port)}
	maps.Copy(out, s.Variables())
	return out
}

func (s *Spec) variant(name, modelName string) variant {
	v := variant{VariantName: name, ModelName: modelName, InitialVariantWeight: 1}
	if s.Serverless != nil {
		v.ServerlessConfig = &serverlessConfig{s.Serverless.Memory, s.Serverless.MaxConcurrency, s.Serverless.ProvisionedConcurrency}
		return v
	}
	v.InitialInstanceCount, v.InstanceType, v.VolumeSizeInGB = s.Instances(), s.InstanceType, s.VolumeSize
	v.ContainerStartupHealthCheckTimeoutInSeconds = secondsOf(s.StartupTimeout)
	if s.Data != "" {
		v.ModelDataDownloadTimeoutInSeconds = secondsOf(s.StartupTimeout)
	}
	return v
}

func (s *Spec) capture() *captureConfig {
	if s.DataCapture == nil {
		return nil
	}
	out := &captureConfig{
		EnableCapture: true, InitialSamplingPercentage: s.DataCapture.Percentage,
		DestinationS3Uri: s.DataCapture.Destination, KmsKeyId: s.KMSKey,
	}
	for _, mode := range []struct{ key, name string }{{"input", "Input"}, {"output", "Output"}} {
		if len(s.DataCapture.Modes) == 0 || slices.Contains(s.DataCapture.Modes, mode.key) {
			out.CaptureOptions = append(out.CaptureOptions, captureOption{mode.name})
		}
	}
	return out
}

func (s *Spec) tags() []tag {
	var out []tag
	for _, key := range slices.Sorted(maps.Keys(s.ResourceTags)) {
		out = append(out, tag{key, s.ResourceTags[key]})
	}
	return out
}
