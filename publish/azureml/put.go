package azureml

import (
	"context"

	api "github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/machinelearning/armmachinelearning/v4"
)

// putEndpoint asks for the endpoint, with the traffic that some properties have: a new one
// cannot have any.
func (c *connection) putEndpoint(ctx context.Context, w *wanted, traffic *api.OnlineEndpointProperties, key string, asked requests) error {
	location, err := c.locate(ctx)
	if err != nil {
		return err
	}
	body, properties := w.endpoint, *w.endpoint.Properties
	properties.Traffic, properties.MirrorTraffic = traffic.Traffic, traffic.MirrorTraffic
	body.Location, body.Properties = &location, &properties
	poller, err := c.endpoints.BeginCreateOrUpdate(ctx, c.group, c.workspace, c.endpoint, body, nil)
	if changing(err) {
		return nil // perhaps by this request, whose answer was lost
	}
	if err == nil {
		asked[key] = pending[api.OnlineEndpointsClientCreateOrUpdateResponse]{poller}
	}
	return refused("put endpoint "+c.endpoint, err)
}

// putRelease asks for a deployment, and makes its environment.
func (c *connection) putRelease(ctx context.Context, r *release, body api.OnlineDeployment, asked requests) error {
	location, err := c.locate(ctx)
	if err != nil {
		return err
	}
	if _, err := c.environments.CreateOrUpdate(ctx, c.group, c.workspace, c.endpoint, r.name, r.environment, nil); err != nil {
		return refused("make version "+r.name+" of environment "+c.endpoint, err)
	}
	body.Location = &location
	poller, err := c.deployments.BeginCreateOrUpdate(ctx, c.group, c.workspace, c.endpoint, r.name, body, nil)
	if changing(err) {
		return nil
	}
	if err == nil {
		asked[r.name] = pending[api.OnlineDeploymentsClientCreateOrUpdateResponse]{poller}
	}
	return refused("put deployment "+r.name, err)
}

// remove asks for the end of a deployment.
func (c *connection) remove(ctx context.Context, name string) error {
	_, err := c.deployments.BeginDelete(ctx, c.group, c.workspace, c.endpoint, name, nil)
	if missing(err) || changing(err) {
		return nil
	}
	return refused("delete deployment "+name, err)
}
