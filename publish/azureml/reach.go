package azureml

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/runtime"
	api "github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/machinelearning/armmachinelearning/v4"

	"github.com/deployfile/deployfile/publish"
)

// stage is how far an endpoint is to be brought.
type stage int

const (
	// beside: all wanted deployments are ready, and the requests go where they went.
	beside stage = iota
	// routed: the requests go where they are wanted.
	routed
	// alone: nothing else of deployfile is left.
	alone
)

// request is one that was accepted, and takes time.
type request interface{ reason(context.Context) string }

// requests are those that were accepted, by the names of deployments and two more.
type requests map[string]request

// The keys of requests for the endpoint itself.
const (
	creation = "+"
	change   = ""
)

// pending is a request whose end Azure tells.
type pending[T any] struct{ poller *runtime.Poller[T] }

// reason returns why a request has failed, "" if that is not known.
func (p pending[T]) reason(ctx context.Context) string {
	if !p.poller.Done() {
		if _, err := p.poller.Poll(ctx); err != nil {
			return ""
		}
	}
	if !p.poller.Done() {
		return ""
	}
	_, err := p.poller.Result(ctx)
	if err == nil {
		return ""
	}
	code, message := said(err)
	return fmt.Sprintf("%s%s (%s)", message, hint(code, message, 0), code)
}

// underWay reports whether something is being changed.
func underWay(state string) bool {
	switch state {
	case "Creating", "Updating", "Deleting", "Scaling":
		return true
	}
	return false
}

func stateOf(e *api.OnlineEndpoint) string {
	if e.Properties == nil {
		return ""
	}
	return string(deref(e.Properties.ProvisioningState))
}

func stateOfDeployment(d *api.OnlineDeployment) string {
	if d.Properties == nil {
		return ""
	}
	return string(deref(d.Properties.GetOnlineDeploymentProperties().ProvisioningState))
}

// reach does the next step that brings the endpoint to what is wanted, and reports whether
// there was nothing left to do. It begins nothing while anything is under way, because
// Azure refuses that.
func (c *connection) reach(ctx context.Context, w *wanted, to stage, asked requests) (publish.Readiness, error) {
	out := publish.Readiness{Object: "endpoint " + c.endpoint, Next: c.poll, Message: "it is asked for"}
	e, ds, err := c.look(ctx)
	if err != nil {
		return out, err
	}
	if e == nil {
		return out, c.putEndpoint(ctx, w, &api.OnlineEndpointProperties{}, creation, asked)
	}
	if busyWith(e, ds, &out) {
		return out, nil
	}
	if stateOf(e) == "Failed" {
		for _, key := range []string{creation, change} {
			if r := asked[key]; r != nil {
				return out, &publish.UnreadyError{Object: out.Object, Reason: c.reason(ctx, r, "it is Failed")}
			}
		}
		return out, c.putEndpoint(ctx, w, e.Properties, creation, asked)
	}
	for _, r := range w.releases() {
		if done, err := c.reachRelease(ctx, r, w.body(r, ds[r.name]), ds[r.name], asked, &out); !done {
			return out, err
		}
	}
	out.Object = "endpoint " + c.endpoint
	if to == beside {
		return publish.Readiness{Ready: true}, nil
	}
	if differs(w.endpoint, e) || !covers(e, w) {
		if r := asked[change]; r != nil {
			return out, &publish.UnreadyError{Object: out.Object, Reason: c.reason(ctx, r, "Azure does not take what it was asked for")}
		}
		out.Message = "its traffic is changed"
		return out, c.putEndpoint(ctx, w, w.endpoint.Properties, change, asked)
	}
	if done, err := c.reachScaling(ctx, w, to, asked, &out); !done || err != nil {
		return out, err
	}
	if to == routed {
		return publish.Readiness{Ready: true}, nil
	}
	return c.clean(ctx, w, ds)
}

// covers reports whether an endpoint has no requests for what is not wanted, which Azure
// would show as shares of other deployments.
func covers(e *api.OnlineEndpoint, w *wanted) bool {
	for _, traffic := range []map[string]*int32{e.Properties.Traffic, e.Properties.MirrorTraffic} {
		for name, share := range traffic {
			if deref(share) > 0 && w.live != nil && !w.has(name) {
				return false
			}
		}
	}
	return true
}

// busyWith reports whether anything is under way, and says what.
func busyWith(e *api.OnlineEndpoint, ds map[string]*api.OnlineDeployment, out *publish.Readiness) bool {
	for _, name := range slices.Sorted(maps.Keys(ds)) {
		if state := stateOfDeployment(ds[name]); underWay(state) {
			out.Object, out.Message = "deployment "+name, "it is "+state
			return true
		}
	}
	out.Message = "it is " + stateOf(e)
	return underWay(stateOf(e))
}

// reason returns why a request has failed, or another text if Azure does not say.
func (c *connection) reason(ctx context.Context, r request, otherwise string) string {
	if why := r.reason(ctx); why != "" {
		return why
	}
	return otherwise
}

// reachRelease does the next step for one deployment, which is to have a body; done is true if
// there is none.
func (c *connection) reachRelease(ctx context.Context, r *release, body api.OnlineDeployment, there *api.OnlineDeployment, asked requests, out *publish.Readiness) (done bool, err error) {
	out.Object, out.Message = "deployment "+r.name, "it is asked for"
	switch {
	case there == nil:
		return false, c.putRelease(ctx, r, body, asked)
	case stateOfDeployment(there) != "Succeeded":
		if q := asked[r.name]; q != nil {
			return false, &publish.UnreadyError{Object: out.Object, Reason: c.reason(ctx, q, "it is "+stateOfDeployment(there))}
		}
		out.Message = "what failed before is deleted"
		return false, c.remove(ctx, r.name)
	case differs(body, there):
		if q := asked[r.name]; q != nil {
			return false, &publish.UnreadyError{Object: out.Object, Reason: c.reason(ctx, q, "Azure does not take what it was asked for")}
		}
		return false, c.putRelease(ctx, r, body, asked)
	}
	return true, nil
}

// look returns the endpoint with its deployments, nil if there is none.
func (c *connection) look(ctx context.Context) (*api.OnlineEndpoint, map[string]*api.OnlineDeployment, error) {
	e, err := c.endpoints.Get(ctx, c.group, c.workspace, c.endpoint, nil)
	if missing(err) {
		return nil, nil, nil
	}
	if err != nil {
		return nil, nil, refused("look for endpoint "+c.endpoint, err)
	}
	ds := map[string]*api.OnlineDeployment{}
	pages := c.deployments.NewListPager(c.group, c.workspace, c.endpoint, nil)
	for pages.More() {
		page, err := pages.NextPage(ctx)
		if missing(err) {
			break
		}
		if err != nil {
			return nil, nil, refused("list the deployments of "+c.endpoint, err)
		}
		for _, d := range page.Value {
			if d != nil {
				ds[deref(d.Name)] = d
			}
		}
	}
	return &e.OnlineEndpoint, ds, nil
}
