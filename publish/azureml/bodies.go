package azureml

import (
	"strconv"
	"time"

	api "github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/machinelearning/armmachinelearning/v4"

	spec "github.com/deployfile/deployfile/manifests/azureml"
)

// The functions of this file make bodies of requests of documents, as Azure's command line
// does. An unknown word becomes the API's empty one, which Azure refuses.

func environmentBody(e spec.Environment) api.EnvironmentVersion {
	route := func(r spec.Route) *api.Route { return &api.Route{Path: &r.Path, Port: ptr(int32(r.Port))} }
	return api.EnvironmentVersion{Properties: &api.EnvironmentVersionProperties{
		Image:  &e.Image,
		OSType: word(e.OSType, map[string]api.OperatingSystemType{"linux": api.OperatingSystemTypeLinux}),
		InferenceConfig: &api.InferenceContainerProperties{
			LivenessRoute: route(e.InferenceConfig.LivenessRoute), ReadinessRoute: route(e.InferenceConfig.ReadinessRoute), ScoringRoute: route(e.InferenceConfig.ScoringRoute),
		},
	}}
}

// deploymentBody returns the body for a deployment of an environment, which has its id.
func deploymentBody(d spec.Deployment, environment string) api.OnlineDeployment {
	return api.OnlineDeployment{
		SKU:  &api.SKU{Name: ptr("Default"), Capacity: ptr(int32(d.InstanceCount))},
		Tags: pointers(d.Tags),
		Properties: &api.ManagedOnlineDeployment{
			EndpointComputeType:  word(d.Type, map[string]api.EndpointComputeType{"managed": api.EndpointComputeTypeManaged}),
			EnvironmentID:        &environment,
			InstanceType:         &d.InstanceType,
			EnvironmentVariables: pointers(d.EnvironmentVariables),
			RequestSettings: &api.OnlineRequestSettings{
				MaxConcurrentRequestsPerInstance: ptr(int32(d.RequestSettings.MaxConcurrentRequestsPerInstance)),
				RequestTimeout:                   iso(time.Duration(d.RequestSettings.RequestTimeoutMS) * time.Millisecond),
			},
			LivenessProbe: probeBody(d.LivenessProbe), ReadinessProbe: probeBody(d.ReadinessProbe),
			ScaleSettings:             &api.DefaultScaleSettings{ScaleType: word(d.ScaleSettings.Type, map[string]api.ScaleType{"default": api.ScaleTypeDefault})},
			AppInsightsEnabled:        &d.AppInsightsEnabled,
			EgressPublicNetworkAccess: word(d.EgressPublicNetworkAccess, map[string]api.EgressPublicNetworkAccessType{"enabled": api.EgressPublicNetworkAccessTypeEnabled, "disabled": api.EgressPublicNetworkAccessTypeDisabled}),
		},
	}
}

func probeBody(p spec.Probe) *api.ProbeSettings {
	seconds := func(n int) *string { return iso(time.Duration(n) * time.Second) }
	return &api.ProbeSettings{
		InitialDelay: seconds(p.InitialDelay), Period: seconds(p.Period), Timeout: seconds(p.Timeout),
		SuccessThreshold: ptr(int32(p.SuccessThreshold)), FailureThreshold: ptr(int32(p.FailureThreshold)),
	}
}

func endpointBody(t spec.Traffic) api.OnlineEndpoint {
	shares := func(in map[string]int) map[string]*int32 {
		out := map[string]*int32{}
		for name, share := range in {
			out[name] = ptr(int32(share))
		}
		return out
	}
	identity := &api.ManagedServiceIdentity{Type: word(t.Identity.Type, map[string]api.ManagedServiceIdentityType{"system_assigned": api.ManagedServiceIdentityTypeSystemAssigned, "user_assigned": api.ManagedServiceIdentityTypeUserAssigned})}
	for _, assigned := range t.Identity.UserAssignedIdentities {
		if identity.UserAssignedIdentities == nil {
			identity.UserAssignedIdentities = map[string]*api.UserAssignedIdentity{}
		}
		identity.UserAssignedIdentities[assigned.ResourceID] = &api.UserAssignedIdentity{}
	}
	return api.OnlineEndpoint{
		Identity: identity,
		Tags:     pointers(t.Tags),
		Properties: &api.OnlineEndpointProperties{
			AuthMode:            word(t.AuthMode, map[string]api.EndpointAuthMode{"key": api.EndpointAuthModeKey, "aml_token": api.EndpointAuthModeAMLToken, "aad_token": api.EndpointAuthModeAADToken}),
			PublicNetworkAccess: word(t.PublicNetworkAccess, map[string]api.PublicNetworkAccessType{"enabled": api.PublicNetworkAccessTypeEnabled, "disabled": api.PublicNetworkAccessTypeDisabled}),
			Traffic:             shares(t.Traffic), MirrorTraffic: shares(t.MirrorTraffic),
		},
	}
}

// word returns the API's word for one of the command line's.
func word[T ~string](value string, words map[string]T) *T { return ptr(words[value]) }

// iso returns a time as ISO 8601 has it.
func iso(d time.Duration) *string {
	return ptr("PT" + strconv.FormatFloat(d.Seconds(), 'f', -1, 64) + "S")
}
