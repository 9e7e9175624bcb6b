package azureml

import (
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"strconv"
	"strings"
	"time"

	"github.com/deployfile/deployfile/manifests"
	"github.com/deployfile/deployfile/manifests/internal/clouds"
)

// Render implements manifests.Spec: an environment version and a deployment for each slot,
// the endpoint, the endpoint with its traffic, and the autoscaling. An environment version and its
// deployment have one name, which follows from what they are, so a release that is promoted
// goes on running as it is.
func (s *Spec) Render(state manifests.State) ([]manifests.Document, error) {
	var out clouds.Documents
	name := state.Newest().Target.Endpoint
	e := Endpoint{Name: name, AuthMode: s.authMode(), Identity: s.identity(), PublicNetworkAccess: enabled(!s.NoPublicAccess), Tags: s.tags(name)}
	traffic := Traffic{Endpoint: e, Traffic: map[string]int{}, MirrorTraffic: map[string]int{}}
	live := ""
	for i, slot := range state.Slots() {
		env, d, err := specOf(slot.Release).slot(slot, i > 0)
		if err != nil {
			return nil, err
		}
		if d.Name == live {
			// They differ in what can be changed in place, but not while both are there.
			d.Name += "n"
		}
		if i == 0 {
			live = d.Name
		}
		env.Name, env.Version = slot.Target.Endpoint, d.Name
		d.EndpointName, d.Environment = env.Name, "azureml:"+env.Name+":"+env.Version
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
			traffic.Traffic[d.Name] = share
		}
		if mirror := specOf(slot.Release).Mirror; i > 0 && mirror > 0 && share == 0 {
			traffic.MirrorTraffic[d.Name] = mirror
		}
	}
	err := errors.Join(out.Add(DocumentEndpoint, e), out.Add(DocumentTraffic, traffic))
	// The next release has the instances that it starts with until it is promoted.
	if of := specOf(state.Live.Release); err == nil && of.Autoscale != nil {
		err = out.Add(DocumentScaling, of.scaling(name, live))
	}
	return out, err
}

// slot returns the environment version and the deployment of a slot; the latter has the
// name of both.
func (s *Spec) slot(slot manifests.Slot, next bool) (Environment, Deployment, error) {
	release := slot.Release
	port := release.Port
	env := Environment{
		Image: release.Image, OSType: "linux",
		InferenceConfig: InferenceConfig{LivenessRoute: Route{"/ping", port}, ReadinessRoute: Route{"/ping", port}, ScoringRoute: Route{"/invocations", port}},
	}
	// A server that loads a model is not dead, and one that is busy answers late.
	probe := Probe{InitialDelay: 10, Period: 10, Timeout: 5, SuccessThreshold: 1, FailureThreshold: s.failures(10)}
	d := Deployment{
		Type: "managed", InstanceType: s.InstanceType,
		EnvironmentVariables: map[string]string{"PORT": strconv.Itoa(port)},
		RequestSettings:      RequestSettings{s.MaxConcurrentRequests, milliseconds(s.RequestTimeout)},
		LivenessProbe:        probe, ReadinessProbe: probe,
		ScaleSettings:      ScaleSettings{"default"},
		AppInsightsEnabled: s.AppInsights, EgressPublicNetworkAccess: enabled(!s.NoEgress),
	}
	maps.Copy(d.EnvironmentVariables, s.Variables())
	var err error
	if d.Name, err = nameOf(env, d); err != nil {
		return env, d, err
	}
	d.Tags, d.InstanceCount = s.tags(release.Target.Endpoint), s.Instances()
	if next && slot.Track == manifests.TrackCanary {
		d.InstanceCount = max(1, (s.Instances()*s.Weight+99)/100)
	}
	return env, d, nil
}

// nameOf returns a name that two releases share only if a deployment can change from one
// to the other in place: in its number of instances and its tags, which it is not given.
func nameOf(env Environment, d Deployment) (string, error) {
	text, err := json.Marshal([]any{env, d})
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

// milliseconds returns a time as Azure's command line has it.
func milliseconds(value string) int64 {
	d, err := time.ParseDuration(value)
	if err != nil {
		return 0
	}
	return d.Milliseconds()
}

// specOf returns the keys of a release. manifests.Render ensures that all slots are of
// one kind.
func specOf(r manifests.Release) *Spec {
	s, _ := r.Target.Spec.(*Spec)
	return s
}

func (s *Spec) authMode() string { return strings.ReplaceAll(s.AuthMode, "-", "_") }

func enabled(yes bool) string {
	if yes {
		return "enabled"
	}
	return "disabled"
}

func (s *Spec) identity() Identity {
	if s.Identity == "system" {
		return Identity{Type: "system_assigned"}
	}
	return Identity{Type: "user_assigned", UserAssignedIdentities: []AssignedIdentity{{s.Identity}}}
}

func (s *Spec) tags(endpoint string) map[string]string {
	out := map[string]string{TagManaged: endpoint}
	maps.Copy(out, s.ResourceTags)
	return out
}
