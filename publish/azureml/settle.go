package azureml

import (
	"context"
	"maps"
	"slices"
	"strings"

	api "github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/machinelearning/armmachinelearning/v4"

	spec "github.com/deployfile/deployfile/manifests/azureml"
	"github.com/deployfile/deployfile/publish"
	"github.com/deployfile/deployfile/publish/internal/wait"
)

// own reports whether deployfile has made something of this endpoint.
func (c *connection) own(tags map[string]*string) bool {
	return deref(tags[spec.TagManaged]) == c.endpoint
}

// clean removes a deployment that is not wanted, or, without one, what their environments
// have left.
func (c *connection) clean(ctx context.Context, w *wanted, ds map[string]*api.OnlineDeployment) (publish.Readiness, error) {
	for _, name := range slices.Sorted(maps.Keys(ds)) {
		if !w.has(name) && c.own(ds[name].Tags) {
			return publish.Readiness{Object: "deployment " + name, Message: "it is deleted", Next: c.poll}, c.remove(ctx, name)
		}
	}
	return publish.Readiness{Ready: true}, c.cleanEnvironments(ctx, w, ds)
}

// cleanEnvironments deletes the versions that neither a wanted deployment has nor one that
// somebody else has added.
func (c *connection) cleanEnvironments(ctx context.Context, w *wanted, ds map[string]*api.OnlineDeployment) error {
	used := map[string]bool{}
	for _, d := range ds {
		if properties := managed(*d); properties != nil {
			id := deref(properties.EnvironmentID)
			used[id[strings.LastIndex(id, "/")+1:]] = true
		}
	}
	var gone []string
	err := c.eachOwn(ctx, func(name string) {
		if !w.has(name) && !used[name] {
			gone = append(gone, name)
		}
	})
	if err != nil {
		return err
	}
	for _, name := range gone {
		if err := c.forget(ctx, c.endpoint, name); err != nil {
			return err
		}
	}
	return nil
}

// eachOwn calls do with each version of the endpoint's environment that deployfile made.
func (c *connection) eachOwn(ctx context.Context, do func(name string)) error {
	return c.versions(ctx, c.endpoint, func(v *api.EnvironmentVersion) error {
		if name := deref(v.Name); ownName.MatchString(name) {
			do(name)
		}
		return nil
	})
}

// settle brings the endpoint to what is wanted, alone, and waits for that; nil is no
// endpoint.
func (c *connection) settle(ctx context.Context, w *wanted, say func(string)) error {
	asked, last := requests{}, ""
	for {
		out, err := c.settleStep(ctx, w, asked)
		if err != nil || out.Ready {
			return err
		}
		if now := out.Object + ": " + out.Message; now != last {
			last = now
			say(now)
		}
		if err := wait.For(ctx, c.poll); err != nil {
			return err
		}
	}
}

func (c *connection) settleStep(ctx context.Context, w *wanted, asked requests) (publish.Readiness, error) {
	if w != nil {
		return c.reach(ctx, w, alone, asked)
	}
	out := publish.Readiness{Object: "endpoint " + c.endpoint, Message: "it is deleted"}
	e, ds, err := c.look(ctx)
	if err != nil {
		return out, err
	}
	if e == nil || !c.own(e.Tags) {
		return publish.Readiness{Ready: true}, c.cleanEnvironments(ctx, nil, ds)
	}
	if busyWith(e, ds, &out) {
		return out, nil
	}
	scalings, err := c.settings(ctx)
	if err == nil {
		err = c.endScaling(ctx, scalings)
	}
	if err != nil {
		return out, err
	}
	_, err = c.endpoints.BeginDelete(ctx, c.group, c.workspace, c.endpoint, nil)
	if missing(err) || changing(err) {
		return out, nil
	}
	return out, refused("delete endpoint "+c.endpoint, err)
}
