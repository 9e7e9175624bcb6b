package azureml

// The names of the documents.
const (
	DocumentEnvironmentLive = "environment-live.yaml"
	DocumentEnvironmentNext = "environment-next.yaml"
	DocumentDeploymentLive  = "deployment-live.yaml"
	DocumentDeploymentNext  = "deployment-next.yaml"
	DocumentEndpoint        = "endpoint.yaml"
)

// TagManaged marks what deployfile has made.
const TagManaged = "deployfile"

// The documents have the fields of the API, in its spelling.
type (
	environment struct {
		Properties environmentProperties `json:"properties"`
	}
	environmentProperties struct {
		Image           string          `json:"image"`
		InferenceConfig inferenceConfig `json:"inferenceConfig"`
		OSType          string          `json:"osType"`
	}
	inferenceConfig struct {
		LivenessRoute  route `json:"livenessRoute"`
		ReadinessRoute route `json:"readinessRoute"`
		ScoringRoute   route `json:"scoringRoute"`
	}
	route struct {
		Path string `json:"path"`
		Port int    `json:"port"`
	}

	deployment struct {
		SKU        sku                  `json:"sku"`
		Tags       map[string]string    `json:"tags"`
		Properties deploymentProperties `json:"properties"`
	}
	sku struct {
		Name     string `json:"name"`
		Capacity int    `json:"capacity"`
	}
	deploymentProperties struct {
		EndpointComputeType       string            `json:"endpointComputeType"`
		EnvironmentID             string            `json:"environmentId"`
		InstanceType              string            `json:"instanceType"`
		EnvironmentVariables      map[string]string `json:"environmentVariables"`
		RequestSettings           requestSettings   `json:"requestSettings"`
		LivenessProbe             probe             `json:"livenessProbe"`
		ReadinessProbe            probe             `json:"readinessProbe"`
		ScaleSettings             scaleSettings     `json:"scaleSettings"`
		AppInsightsEnabled        bool              `json:"appInsightsEnabled"`
		EgressPublicNetworkAccess string            `json:"egressPublicNetworkAccess"`
	}
	requestSettings struct {
		MaxConcurrentRequestsPerInstance int    `json:"maxConcurrentRequestsPerInstance"`
		RequestTimeout                   string `json:"requestTimeout"`
	}
	probe struct {
		InitialDelay     string `json:"initialDelay"`
		Period           string `json:"period"`
		Timeout          string `json:"timeout"`
		SuccessThreshold int    `json:"successThreshold"`
		FailureThreshold int    `json:"failureThreshold"`
	}
	scaleSettings struct {
		ScaleType string `json:"scaleType"`
	}

	endpoint struct {
		Identity   identity           `json:"identity"`
		Tags       map[string]string  `json:"tags"`
		Properties endpointProperties `json:"properties"`
	}
	identity struct {
		Type                   string              `json:"type"`
		UserAssignedIdentities map[string]struct{} `json:"userAssignedIdentities,omitempty"`
	}
	endpointProperties struct {
		AuthMode            string         `json:"authMode"`
		PublicNetworkAccess string         `json:"publicNetworkAccess"`
		Traffic             map[string]int `json:"traffic"`
		MirrorTraffic       map[string]int `json:"mirrorTraffic"`
	}
)
