package sagemaker

// The names of the documents.
const (
	DocumentLive     = "model-live.yaml"
	DocumentNext     = "model-next.yaml"
	DocumentConfig   = "endpoint-config.yaml"
	DocumentEndpoint = "endpoint.yaml"
	DocumentScaling  = "scaling-target.yaml"
	DocumentPolicy   = "scaling-policy.yaml"
	DocumentWake     = "scaling-wake.yaml"
	DocumentAlarm    = "scaling-alarm.yaml"
)

// The names of the variants. They never change, because SageMaker's own rollouts need the
// same names before and after.
const (
	VariantLive = "live"
	VariantNext = "next"
)

// The documents have the fields of SageMaker's API, in its spelling.
type (
	model struct {
		ModelName              string
		PrimaryContainer       container
		ExecutionRoleArn       string
		VpcConfig              *vpcConfig `json:",omitempty"`
		EnableNetworkIsolation bool       `json:",omitempty"`
		Tags                   []tag      `json:",omitempty"`
	}
	container struct {
		Image           string
		ModelDataSource *dataSource `json:",omitempty"`
		Environment     map[string]string
	}
	vpcConfig struct {
		SecurityGroupIds []string
		Subnets          []string
	}
	tag struct{ Key, Value string }

	endpointConfig struct {
		EndpointConfigName       string
		ProductionVariants       []variant
		ShadowProductionVariants []variant      `json:",omitempty"`
		DataCaptureConfig        *captureConfig `json:",omitempty"`
		KmsKeyId                 string         `json:",omitempty"`
		AsyncInferenceConfig     *asyncConfig   `json:",omitempty"`
		Tags                     []tag          `json:",omitempty"`
	}
	variant struct {
		VariantName                                 string
		ModelName                                   string
		InitialInstanceCount                        int    `json:",omitempty"`
		InstanceType                                string `json:",omitempty"`
		InitialVariantWeight                        int
		VolumeSizeInGB                              int               `json:",omitempty"`
		ModelDataDownloadTimeoutInSeconds           int               `json:",omitempty"`
		ContainerStartupHealthCheckTimeoutInSeconds int               `json:",omitempty"`
		ServerlessConfig                            *serverlessConfig `json:",omitempty"`
	}
	serverlessConfig struct {
		MemorySizeInMB         int
		MaxConcurrency         int
		ProvisionedConcurrency int `json:",omitempty"`
	}
	captureConfig struct {
		EnableCapture             bool
		InitialSamplingPercentage int
		DestinationS3Uri          string
		KmsKeyId                  string `json:",omitempty"`
		CaptureOptions            []captureOption
	}
	captureOption struct{ CaptureMode string }

	endpoint struct {
		EndpointName       string
		EndpointConfigName string
		DeploymentConfig   *deploymentConfig `json:",omitempty"`
		Tags               []tag             `json:",omitempty"`
	}
)
