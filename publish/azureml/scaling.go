package azureml

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"

	api "github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/machinelearning/armmachinelearning/v4"
	"github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/monitor/armmonitor"

	"github.com/deployfile/deployfile/manifests"
	spec "github.com/deployfile/deployfile/manifests/azureml"
	"github.com/deployfile/deployfile/publish"
)

// scaling is the autoscaling of the live deployment. Azure Monitor has it, beside the
// workspace.
type scaling struct {
	name        string
	body        armmonitor.AutoscaleSettingResource
	least, most int32
}

// scalingOf checks a document and returns what it asks for: the autoscaling of a deployment
// of this endpoint alone, nil for none.
func (c *connection) scalingOf(s spec.Scaling, live string) (*scaling, error) {
	if s.Properties.Name == "" && len(s.Properties.Profiles) == 0 {
		return nil, nil
	}
	id := c.keys.DeploymentID(c.endpoint, live)
	out := &scaling{name: spec.ScalingName(c.endpoint, live)}
	if s.Properties.Name != out.name || s.Properties.TargetResourceURI != id || s.Tags[spec.TagManaged] != c.endpoint || len(s.Properties.Profiles) != 1 {
		return nil, fmt.Errorf("the documents scale something other than deployment %s", live)
	}
	p := s.Properties.Profiles[0]
	for _, r := range p.Rules {
		if r.MetricTrigger.MetricResourceURI != id {
			return nil, fmt.Errorf("the documents scale deployment %s by something else", live)
		}
	}
	least, err := strconv.ParseInt(p.Capacity.Minimum, 10, 32)
	if err != nil {
		return nil, err
	}
	most, err := strconv.ParseInt(p.Capacity.Maximum, 10, 32)
	if err != nil {
		return nil, err
	}
	out.least, out.most = int32(least), int32(most)
	text, err := json.Marshal(s)
	if err != nil {
		return nil, err
	}
	return out, json.Unmarshal(text, &out.body)
}

// body returns the body of a deployment. That of the live one has as many instances as its
// autoscaling has given it.
func (w *wanted) body(r *release, there *api.OnlineDeployment) api.OnlineDeployment {
	out := r.deployment
	if w.scaling == nil || r != w.live || there == nil || there.SKU == nil {
		return out
	}
	if n := deref(there.SKU.Capacity); n >= w.scaling.least && n <= w.scaling.most {
		sku := *out.SKU
		sku.Capacity = &n
		out.SKU = &sku
	}
	return out
}

// scales notes whether any of the revisions has autoscaling: not everybody may ask for it.
func (c *connection) scales(records []publish.Record, documents ...manifests.Document) {
	for _, r := range records {
		documents = append(documents, r.Documents...)
	}
	if slices.ContainsFunc(documents, func(d manifests.Document) bool { return d.Name == spec.DocumentScaling }) {
		c.scaled.Store(true)
	}
}

// settings returns the autoscale settings of this endpoint, by their names.
func (c *connection) settings(ctx context.Context) (map[string]*armmonitor.AutoscaleSettingResource, error) {
	out := map[string]*armmonitor.AutoscaleSettingResource{}
	if !c.scaled.Load() {
		return out, nil
	}
	pages := c.scalings.NewListByResourceGroupPager(c.group, nil)
	for pages.More() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, refused("list the autoscaling in "+c.group, err)
		}
		for _, s := range page.Value {
			if s != nil && c.own(s.Tags) {
				out[deref(s.Name)] = s
			}
		}
	}
	return out, nil
}

// reachScaling does the next step for the autoscaling, at last without others'; done is true
// if there is none.
func (c *connection) reachScaling(ctx context.Context, w *wanted, to stage, asked requests, out *publish.Readiness) (done bool, err error) {
	there, err := c.settings(ctx)
	if err != nil {
		return false, err
	}
	if s := w.scaling; s != nil && (there[s.name] == nil || differs(s.body, there[s.name])) {
		out.Object, out.Message = "autoscaling "+s.name, "it is asked for"
		if asked[s.name] != nil {
			return false, &publish.UnreadyError{Object: out.Object, Reason: "Azure does not take what it was asked for"}
		}
		location, err := c.locate(ctx)
		if err != nil {
			return false, err
		}
		body := s.body
		body.Location = &location
		if _, err = c.scalings.CreateOrUpdate(ctx, c.group, s.name, body, nil); err == nil {
			asked[s.name] = accepted{}
		}
		return false, refused("put autoscaling "+s.name, err)
	}
	if to != alone {
		return true, nil
	}
	if w.scaling != nil {
		delete(there, w.scaling.name)
	}
	return true, c.endScaling(ctx, there)
}

// endScaling deletes autoscale settings.
func (c *connection) endScaling(ctx context.Context, all map[string]*armmonitor.AutoscaleSettingResource) error {
	for _, name := range slices.Sorted(maps.Keys(all)) {
		if _, err := c.scalings.Delete(ctx, c.group, name, nil); err != nil && !missing(err) {
			return refused("delete autoscaling "+name, err)
		}
	}
	return nil
}

// accepted is a request that was done at once.
type accepted struct{}

func (accepted) reason(context.Context) string { return "" }
