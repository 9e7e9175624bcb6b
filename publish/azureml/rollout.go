package azureml

import (
	"context"
	"strings"

	api "github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/machinelearning/armmachinelearning/v4"

	"github.com/deployfile/deployfile/publish"
	"github.com/deployfile/deployfile/publish/internal/wait"
)

// rollout is the publish.Rollout of a plan.
type rollout struct {
	*driver
	plan   *publish.Plan
	wanted *wanted
	// before is what is there after a failure, nil for nothing.
	before *wanted
	// asked are the requests of this rollout, to is how far it has come.
	asked requests
	to    stage
}

var _ publish.Witness = (*rollout)(nil)

// Start implements publish.Rollout.
func (r *rollout) Start(ctx context.Context) error {
	_, err := r.reach(ctx, r.wanted, beside, r.asked)
	return err
}

// Ready implements publish.Rollout.
func (r *rollout) Ready(ctx context.Context) (publish.Readiness, error) {
	return r.reach(ctx, r.wanted, r.to, r.asked)
}

// Switch implements publish.Rollout. It returns when Azure has taken the new traffic.
func (r *rollout) Switch(ctx context.Context) error {
	r.to = routed
	for {
		out, err := r.reach(ctx, r.wanted, r.to, r.asked)
		if err != nil || out.Ready || r.asked[change] != nil {
			return err
		}
		if err := wait.For(ctx, r.poll); err != nil {
			return err
		}
	}
}

// Revert implements publish.Rollout.
func (r *rollout) Revert(ctx context.Context) error {
	return r.settle(ctx, r.before, r.plan.Options.Progress)
}

// Recover implements publish.Rollout: what an abandoned rollout has left is in no other
// revision.
func (r *rollout) Recover(ctx context.Context, _ publish.Record) error {
	return r.settle(ctx, r.before, r.plan.Options.Progress)
}

// Prune implements publish.Rollout. A deployment that gets no requests costs as much as
// one that does.
func (r *rollout) Prune(ctx context.Context) error {
	return r.settle(ctx, r.wanted, r.plan.Options.Progress)
}

// Evidence implements publish.Witness with what the new instances have logged.
func (r *rollout) Evidence(ctx context.Context, _ error) (log, events []string) {
	ctx, cancel := context.WithTimeout(ctx, publish.StopLimit)
	defer cancel()
	for _, release := range r.wanted.releases() {
		if r.before != nil && r.before.has(release.name) {
			continue
		}
		for _, container := range []api.ContainerType{api.ContainerTypeInferenceServer, api.ContainerTypeStorageInitializer} {
			lines, err := r.lines(ctx, release.name, container, publish.LogLines)
			if err != nil && !missing(err) {
				events = append(events, "the log of "+release.name+" is not known: "+err.Error())
			}
			log = append(log, lines...)
		}
	}
	return log[max(0, len(log)-publish.LogLines):], events
}

// lines returns the last lines of a deployment's log.
func (c *connection) lines(ctx context.Context, name string, container api.ContainerType, n int) ([]string, error) {
	out, err := c.deployments.GetLogs(ctx, c.group, c.workspace, c.endpoint, name, api.DeploymentLogsRequest{ContainerType: ptr(container), Tail: ptr(int32(n))}, nil)
	if err != nil {
		return nil, refused("read the log of deployment "+name, err)
	}
	text := strings.TrimRight(deref(out.Content), "\r\n")
	if text == "" {
		return nil, nil
	}
	lines := strings.Split(text, "\n")
	return lines[max(0, len(lines)-n):], nil
}
