package azureml

// The names of the documents.
const (
	DocumentEnvironmentLive = "environment-live.yaml"
	DocumentEnvironmentNext = "environment-next.yaml"
	DocumentDeploymentLive  = "deployment-live.yaml"
	DocumentDeploymentNext  = "deployment-next.yaml"
	DocumentEndpoint        = "endpoint.yaml"
	DocumentTraffic         = "traffic.yaml"
	DocumentScaling         = "scaling.yaml"
)

// TagManaged marks what deployfile has made.
const TagManaged = "deployfile"

// The documents are files of Azure's command line: what `az ml … create -f` takes.
type (
	// Environment is a version of an environment, with an image.
	Environment struct {
		Name            string          `json:"name"`
		Version         string          `json:"version"`
		Image           string          `json:"image"`
		OSType          string          `json:"os_type"`
		InferenceConfig InferenceConfig `json:"inference_config"`
	}
	// InferenceConfig says where a server answers.
	InferenceConfig struct {
		LivenessRoute  Route `json:"liveness_route"`
		ReadinessRoute Route `json:"readiness_route"`
		ScoringRoute   Route `json:"scoring_route"`
	}
	// Route is a path at a port.
	Route struct {
		Path string `json:"path"`
		Port int    `json:"port"`
	}

	// Deployment is an online deployment.
	Deployment struct {
		Name                      string            `json:"name"`
		EndpointName              string            `json:"endpoint_name"`
		Type                      string            `json:"type"`
		Environment               string            `json:"environment"`
		InstanceType              string            `json:"instance_type"`
		InstanceCount             int               `json:"instance_count"`
		EnvironmentVariables      map[string]string `json:"environment_variables"`
		RequestSettings           RequestSettings   `json:"request_settings"`
		LivenessProbe             Probe             `json:"liveness_probe"`
		ReadinessProbe            Probe             `json:"readiness_probe"`
		ScaleSettings             ScaleSettings     `json:"scale_settings"`
		AppInsightsEnabled        bool              `json:"app_insights_enabled"`
		EgressPublicNetworkAccess string            `json:"egress_public_network_access"`
		Tags                      map[string]string `json:"tags"`
	}
	// RequestSettings limit requests.
	RequestSettings struct {
		MaxConcurrentRequestsPerInstance int   `json:"max_concurrent_requests_per_instance"`
		RequestTimeoutMS                 int64 `json:"request_timeout_ms"`
	}
	// Probe has times in seconds.
	Probe struct {
		InitialDelay     int `json:"initial_delay"`
		Period           int `json:"period"`
		Timeout          int `json:"timeout"`
		SuccessThreshold int `json:"success_threshold"`
		FailureThreshold int `json:"failure_threshold"`
	}
	// ScaleSettings say who changes the number of instances.
	ScaleSettings struct {
		Type string `json:"type"`
	}

	// Endpoint is an online endpoint. One that is made cannot have traffic: its deployments
	// come later.
	Endpoint struct {
		Name                string            `json:"name"`
		AuthMode            string            `json:"auth_mode"`
		Identity            Identity          `json:"identity"`
		PublicNetworkAccess string            `json:"public_network_access"`
		Tags                map[string]string `json:"tags"`
	}
	// Identity is what an endpoint acts as.
	Identity struct {
		Type                   string             `json:"type"`
		UserAssignedIdentities []AssignedIdentity `json:"user_assigned_identities,omitempty"`
	}
	// AssignedIdentity is an identity that is there already.
	AssignedIdentity struct {
		ResourceID string `json:"resource_id"`
	}
	// Traffic is the endpoint with the shares of its deployments, in percent.
	Traffic struct {
		Endpoint
		Traffic       map[string]int `json:"traffic"`
		MirrorTraffic map[string]int `json:"mirror_traffic"`
	}
)
