// Package azureml is the kind "azureml": a managed online endpoint of Azure Machine
// Learning. Its documents are files that Azure's command line takes.
package azureml

import (
	_ "embed" // for the doc comments

	"github.com/deployfile/deployfile/deployfile"
	"github.com/deployfile/deployfile/manifests"
)

//go:embed spec.go
var source string

// Kind returns the kind. Whether Azure takes an OCI index is not documented, so the image
// is a single manifest.
func Kind() deployfile.Kind {
	return deployfile.Kind{
		Name:    "azureml",
		Summary: "a managed online endpoint of Azure Machine Learning",
		New:     func() deployfile.Spec { return new(Spec) },
		Sources: append(manifests.Sources(), source, autoscaleSource),
		Formats: formats(),
		Image:   deployfile.ImageNeed{Formats: []string{deployfile.FormatDockerManifest}},
		Verbs:   []deployfile.Verb{deployfile.VerbPredict, deployfile.VerbTrack, deployfile.VerbBatch, deployfile.VerbOpen, deployfile.VerbLogs, deployfile.VerbPromote},
	}
}

// Spec has the keys of the kind.
type Spec struct {
	// Subscription is the id of the Azure subscription. It is required.
	Subscription string `toml:"subscription" json:"subscription" format:"subscription" required:"it is the Azure subscription" example:"subscription = \"00000000-0000-0000-0000-000000000000\""`
	// ResourceGroup is the resource group of the workspace. It is required.
	ResourceGroup string `toml:"resource-group" json:"resource-group" format:"resource-group" required:"it is where the workspace is" example:"resource-group = \"NAME\""`
	// Workspace is the Azure Machine Learning workspace. It is required.
	Workspace string `toml:"workspace" json:"workspace" format:"workspace" required:"it is where the endpoint is" example:"workspace = \"NAME\""`
	// Cloud is "public" (the default), "china", "government", or the name of another in the
	// list of clouds at ARM_CLOUD_METADATA_URL.
	Cloud string `toml:"cloud" json:"cloud,omitzero" format:"azure-cloud" default:"public"`
	// InstanceType is what an instance runs on, such as "Standard_DS3_v2". It is required.
	InstanceType string `toml:"instance-type" json:"instance-type" format:"instance-type" required:"it is what the server runs on" example:"instance-type = \"Standard_DS3_v2\""`
	// Replicas is how many instances run, 1 by default.
	Replicas int `toml:"replicas" json:"replicas,omitzero" min:"1" max:"50" default:"1"`
	deployfile.ServerEnv
	manifests.Rollout
	// Mirror is the share of the requests, in percent, of which the preview of strategy
	// "blue-green" gets a copy, whose answer is dropped; the default is none.
	Mirror int `toml:"mirror" json:"mirror,omitzero" min:"1" max:"50"`
	// Identity is what the endpoint pulls the image as: "system" (the default) or the
	// resource id of a user-assigned identity.
	Identity string `toml:"identity" json:"identity,omitzero" format:"identity" default:"system"`
	// AuthMode is how requests are authorised: "key" (the default), "aml-token" or
	// "aad-token".
	AuthMode string `toml:"auth-mode" json:"auth-mode,omitzero" enum:"key aml-token aad-token" default:"key"`
	// RequestTimeout is how long an answer may take, from "1s" to "3m", "1m" by default.
	RequestTimeout string `toml:"request-timeout" json:"request-timeout,omitzero" format:"request-timeout" default:"1m"`
	// MaxConcurrentRequests is how many requests an instance gets at a time, 40 by
	// default; Azure refuses what is beyond twice as many.
	MaxConcurrentRequests int `toml:"max-concurrent-requests" json:"max-concurrent-requests,omitzero" min:"1" max:"1000" default:"40"`
	// StartupTimeout is how long an instance may take until it answers /ping, from "30s"
	// to "1h", "10m" by default.
	StartupTimeout string `toml:"startup-timeout" json:"startup-timeout,omitzero" format:"startup-timeout" default:"10m"`
	// NoPublicAccess lets only private endpoints of the workspace reach the endpoint.
	NoPublicAccess bool `toml:"no-public-access" json:"no-public-access,omitzero" default:"false"`
	// NoEgress keeps the server from the public network.
	NoEgress bool `toml:"no-egress" json:"no-egress,omitzero" default:"false"`
	// AppInsights writes metrics and requests to Application Insights, which costs.
	AppInsights bool `toml:"app-insights" json:"app-insights,omitzero" default:"false"`
	// Autoscale lets the number of instances follow the requests, instead of Replicas. The
	// default is a fixed number.
	Autoscale *Autoscale `toml:"autoscale" json:"autoscale,omitzero"`
	// ResourceTags are the tags of the endpoint and its deployments.
	ResourceTags map[string]string `toml:"resource-tags" json:"resource-tags,omitzero" keys:"azure-tag" format:"azure-tag-value"`
}

var _ manifests.Spec = (*Spec)(nil)

// Kind implements deployfile.Spec.
func (s *Spec) Kind() deployfile.Kind { return Kind() }

// Place implements deployfile.Spec. That a name is unique in a region of Azure, Azure
// itself says.
func (s *Spec) Place(deployfile.Target) deployfile.Place {
	return deployfile.Place{System: "azureml", Parts: []deployfile.PlacePart{
		{Key: "workspace", Called: "workspace", Value: s.Workspace},
		{Key: "resource-group", Called: "resource group", Value: s.ResourceGroup},
		{Key: "subscription", Called: "subscription", Value: s.Subscription},
	}}
}

// ID returns the resource id of the workspace.
func (s *Spec) ID() string {
	return "/subscriptions/" + s.Subscription + "/resourceGroups/" + s.ResourceGroup + "/providers/Microsoft.MachineLearningServices/workspaces/" + s.Workspace
}

// Instances returns how many instances a release starts with.
func (s *Spec) Instances() int {
	if s.Autoscale != nil {
		return s.Autoscale.Min
	}
	return s.Replicas
}

// Complete implements deployfile.Completer.
func (s *Spec) Complete() {
	s.Rollout.Complete()
	if s.Autoscale != nil {
		s.Replicas = 0
	}
}
