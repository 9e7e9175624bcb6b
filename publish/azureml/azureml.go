// Package azureml deploys to managed online endpoints of Azure Machine Learning. Each
// release is a deployment of its own beside the others, to which the endpoint's traffic
// then moves. The record of revision N is in the tags of version N of an environment that
// nothing runs.
package azureml

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/arm"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"
	api "github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/machinelearning/armmachinelearning/v4"
	"github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/monitor/armmonitor"

	"github.com/deployfile/deployfile/deployfile"
	"github.com/deployfile/deployfile/internal/invoke"
	spec "github.com/deployfile/deployfile/manifests/azureml"
	"github.com/deployfile/deployfile/publish"
)

// Publisher is an endpoint of Azure Machine Learning.
type Publisher struct {
	*publish.Engine
	*connection
}

var (
	_ publish.Publisher = (*Publisher)(nil)
	_ publish.Host      = (*Publisher)(nil)
)

// Options select the endpoint.
type Options struct {
	// Target is the target, with its endpoint's name.
	Target deployfile.Target
}

// connection is a connection to a workspace.
type connection struct {
	environments *api.EnvironmentVersionsClient
	endpoints    *api.OnlineEndpointsClient
	deployments  *api.OnlineDeploymentsClient
	workspaces   *api.WorkspacesClient
	sizes        *api.VirtualMachineSizesClient
	usages       *api.UsagesClient
	jobs         *api.JobsClient
	scalings     *armmonitor.AutoscaleSettingsClient
	// arm asks for what is of other services than Azure Machine Learning.
	arm        *arm.Client
	credential azcore.TokenCredential
	scoring    *http.Client

	keys                       *spec.Spec
	endpoint, group, workspace string
	// repository is where the image is.
	repository string
	// audience is what a token of Entra for scoring is for.
	audience string
	// id is the resource id of the workspace.
	id string
	// poll is the pause between two looks at what changes.
	poll time.Duration

	// scaled is whether this endpoint may have autoscaling.
	scaled atomic.Bool

	mu    sync.Mutex
	there *api.Workspace
}

const (
	// poll is what Azure asks for between two looks.
	poll = 10 * time.Second
	// retries is how often a request is repeated that was throttled or lost.
	retries = 7
	// longestPause is how long Azure may ask for before that. The library gives up beyond
	// a limit, which is a minute by default.
	longestPause = 5 * time.Minute
)

// Open connects to the endpoint of a target. The credentials are those of the environment,
// the machine, or the Azure command line.
func Open(ctx context.Context, o Options) (*Publisher, error) {
	keys, err := deployfile.Of[*spec.Spec](o.Target)
	if err != nil {
		return nil, err
	}
	where, err := addressesOf(ctx, keys.Cloud)
	if err != nil {
		return nil, err
	}
	options := policy.ClientOptions{Cloud: where.Configuration, Retry: policy.RetryOptions{MaxRetries: retries, MaxRetryDelay: longestPause}}
	return open(o, options, where.scoring, http.DefaultClient, poll)
}

func open(o Options, options policy.ClientOptions, audience string, scoring *http.Client, poll time.Duration) (*Publisher, error) {
	keys, err := deployfile.Of[*spec.Spec](o.Target)
	if err != nil {
		return nil, err
	}
	credential, err := azidentity.NewDefaultAzureCredential(&azidentity.DefaultAzureCredentialOptions{ClientOptions: options})
	if err != nil {
		return nil, fmt.Errorf("credentials of Azure: %w", err)
	}
	with := &arm.ClientOptions{ClientOptions: options, DisableRPRegistration: true}
	clients, err := api.NewClientFactory(keys.Subscription, credential, with)
	if err != nil {
		return nil, err
	}
	requests, err := arm.NewClient("deployfile", "v0.0.0", credential, with)
	if err != nil {
		return nil, err
	}
	scalings, err := armmonitor.NewAutoscaleSettingsClient(keys.Subscription, credential, with)
	if err != nil {
		return nil, err
	}
	conn := &connection{
		scalings:     scalings,
		environments: clients.NewEnvironmentVersionsClient(), endpoints: clients.NewOnlineEndpointsClient(),
		deployments: clients.NewOnlineDeploymentsClient(), workspaces: clients.NewWorkspacesClient(),
		sizes: clients.NewVirtualMachineSizesClient(), usages: clients.NewUsagesClient(), jobs: clients.NewJobsClient(), arm: requests, keys: keys, repository: o.Target.Image,
		credential: credential, audience: audience,
		scoring:  &http.Client{Transport: scoring.Transport, CheckRedirect: invoke.Stay},
		endpoint: o.Target.Endpoint, group: keys.ResourceGroup, workspace: keys.Workspace, id: keys.ID(), poll: poll,
	}
	return &Publisher{publish.NewEngine(o.Target.Endpoint, &store{conn}, &driver{conn}), conn}, nil
}

// Platforms implements publish.Host: there are no other managed instances.
func (c *connection) Platforms(context.Context) ([]string, error) {
	return []string{"linux/amd64"}, nil
}

// found returns the workspace, which is asked for once.
func (c *connection) found(ctx context.Context) (*api.Workspace, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.there == nil {
		w, err := c.workspaces.Get(ctx, c.group, c.workspace, nil)
		if err != nil {
			return nil, refused("look for workspace "+c.workspace, err)
		}
		c.there = &w.Workspace
	}
	return c.there, nil
}

// locate returns the location of the workspace, which everything in it must have.
func (c *connection) locate(ctx context.Context) (string, error) {
	w, err := c.found(ctx)
	if err != nil {
		return "", err
	}
	if deref(w.Location) == "" {
		return "", fmt.Errorf("workspace %s has no location", c.workspace)
	}
	return *w.Location, nil
}

// deref returns what a pointer points to, the zero value for nil.
func deref[T any](p *T) (out T) {
	if p != nil {
		out = *p
	}
	return out
}

func ptr[T any](v T) *T { return &v }
