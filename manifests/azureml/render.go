package azureml

import (
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"strconv"
	"time"

	"github.com/deployfile/deployfile/manifests"
	"github.com/deployfile/deployfile/manifests/internal/clouds"
)

// Render implements manifests.Spec: the bodies of the requests that make an environment
// version and a deployment for each slot, and the endpoint with its traffic. A rollout adds
// the location, which is the workspace's. An environment version and its deployment have
// one name, which follows from what they are, so a release that is promoted goes on
// running as it is.
func (s *Spec) Render(state manifests.State) ([]manifests.Document, error) {
	var out clouds.Documents
	properties := endpointProperties{AuthMode: authModes()[s.AuthMode], PublicNetworkAccess: enabled(!s.NoPublicAccess), Traffic: map[string]int{}, MirrorTraffic: map[string]int{}}
	live := ""
	for i, slot := range state.Slots() {
		env, d, name, err := specOf(slot.Release).slot(slot, i > 0)
		if err != nil {
			return nil, err
		}
		if name == live {
			// They differ in what can be changed in place, but not while both are there.
			name += "n"
		}
		if i == 0 {
			live = name
		}
		d.Properties.EnvironmentID = specOf(slot.Release).ID() + "/environments/" + slot.Target.Endpoint + "/versions/" + name
		names := [2]string{DocumentEnvironmentLive, DocumentDeploymentLive}
		if i > 0 {
			names = [2]string{DocumentEnvironmentNext, DocumentDeploymentNext}
		}
		if err := errors.Join(out.Add(names[0], env), out.Add(names[1], d)); err != nil {
			return nil, err
		}
		share := 100
		if state.Next != nil {
			share = clouds.Weight(*state.Next, specOf(state.Next.Release).Weight, i > 0)
		}
		if share > 0 {
			properties.Traffic[name] = share
		}
		if mirror := specOf(slot.Release).Mirror; i > 0 && mirror > 0 && share == 0 {
			properties.MirrorTraffic[name] = mirror
		}
	}
	err := out.Add(DocumentEndpoint, endpoint{Identity: s.identity(), Tags: s.tags(state.Newest().Target.Endpoint), Properties: properties})
	return out, err
}

// slot returns the environment version and the deployment of a slot, and the name of both.
func (s *Spec) slot(slot manifests.Slot, next bool) (environment, deployment, string, error) {
	release := slot.Release
	port := release.Port
	env := environment{environmentProperties{
		Image: release.Image, OSType: "Linux",
		InferenceConfig: inferenceConfig{LivenessRoute: route{"/ping", port}, ReadinessRoute: route{"/ping", port}, ScoringRoute: route{"/invocations", port}},
	}}
	d := deployment{
		SKU: sku{"Default", s.Replicas},
		Properties: deploymentProperties{
			EndpointComputeType: "Managed", InstanceType: s.InstanceType,
			EnvironmentVariables: map[string]string{"PORT": strconv.Itoa(port)},
			RequestSettings:      requestSettings{s.MaxConcurrentRequests, duration(s.RequestTimeout)},
			ScaleSettings:        scaleSettings{"Default"},
			AppInsightsEnabled:   s.AppInsights, EgressPublicNetworkAccess: enabled(!s.NoEgress),
		},
	}
	maps.Copy(d.Properties.EnvironmentVariables, s.Variables())
	// A server that loads a model is not dead, and one that is busy answers late.
	d.Properties.LivenessProbe = probe{"PT10S", "PT10S", "PT5S", 1, s.failures(10)}
	d.Properties.ReadinessProbe = probe{"PT10S", "PT10S", "PT5S", 1, s.failures(10)}
	name, err := nameOf(env, d)
	if err != nil {
		return env, d, "", err
	}
	d.Tags = s.tags(release.Target.Endpoint)
	if next && slot.Track == manifests.TrackCanary {
		d.SKU.Capacity = max(1, (s.Replicas*s.Weight+99)/100)
	}
	return env, d, name, nil
}

// nameOf returns a name that two releases share only if a deployment can change from one
// to the other in place: in its number of instances and its tags.
func nameOf(env environment, d deployment) (string, error) {
	text, err := json.Marshal([]any{env, d.Properties})
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("d%x", sha256.Sum256(text))[:13], nil
}

// failures returns how many probes in such a period may fail until the startup timeout.
func (s *Spec) failures(period int) int {
	limit, err := time.ParseDuration(s.StartupTimeout)
	if err != nil {
		return 1
	}
	return max(1, int(limit.Seconds())/period)
}

// duration returns a time as ISO 8601 has it.
func duration(value string) string {
	d, err := time.ParseDuration(value)
	if err != nil {
		return ""
	}
	return fmt.Sprintf("PT%dS", int(d.Seconds()))
}

// specOf returns the keys of a release. manifests.Render ensures that all slots are of
// one kind.
func specOf(r manifests.Release) *Spec {
	s, _ := r.Target.Spec.(*Spec)
	return s
}

func authModes() map[string]string {
	return map[string]string{"key": "Key", "aml-token": "AMLToken", "aad-token": "AADToken"}
}

func enabled(yes bool) string {
	if yes {
		return "Enabled"
	}
	return "Disabled"
}

func (s *Spec) identity() identity {
	if s.Identity == "system" {
		return identity{Type: "SystemAssigned"}
	}
	return identity{Type: "UserAssigned", UserAssignedIdentities: map[string]struct{}{s.Identity: {}}}
}

func (s *Spec) tags(endpoint string) map[string]string {
	out := map[string]string{TagManaged: endpoint}
	maps.Copy(out, s.ResourceTags)
	return out
}
