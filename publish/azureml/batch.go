package azureml

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	api "github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/machinelearning/armmachinelearning/v4"

	"github.com/deployfile/deployfile/internal/batch"
	"github.com/deployfile/deployfile/publish"
)

var _ publish.Batcher = (*Publisher)(nil)

// programVariable is the variable of a job that has its program.
const programVariable = "BATCH_PROGRAM"

// Batch implements publish.Batcher with a command job that runs the live release's image on
// one instance. It reads and writes files of the workspace's datastores.
func (p *Publisher) Batch(ctx context.Context, o publish.BatchOptions) error {
	status, err := p.Status(ctx)
	if err != nil {
		return err
	}
	if status.Revision == nil {
		return &publish.NothingError{Endpoint: p.endpoint}
	}
	w, err := p.parse(status.Revision.Documents)
	if err != nil {
		return fmt.Errorf("revision %d: %w", status.Revision.Number, err)
	}
	body, err := jobOf(w.live, p.endpoint, o)
	if err != nil {
		return err
	}
	if o.Timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeoutCause(ctx, o.Timeout, fmt.Errorf("it takes longer than %s", o.Timeout))
		defer cancel()
	}
	if o.Progress == nil {
		o.Progress = func(string) {}
	}
	j := &job{connection: p.connection, name: p.endpoint + "-" + strings.ToLower(rand.Text()[:12]), say: o.Progress}
	return j.run(ctx, *body)
}

// jobOf returns a job that scores a file with the image of a release.
func jobOf(r *release, endpoint string, o publish.BatchOptions) (*api.JobBase, error) {
	var formats []string
	for _, side := range [][2]string{{"input", o.Input}, {"output", o.Output}} {
		if !isDatastore(side[1]) {
			return nil, fmt.Errorf("the %s of a batch at Azure must be azureml://datastores/NAME/paths/PATH, and not %q: az storage blob upload and download copy files", side[0], side[1])
		}
		format, err := batch.Format(side[0], side[1], "")
		if err != nil {
			return nil, err
		}
		formats = append(formats, format)
	}
	on := managed(r.deployment)
	env := maps.Clone(on.EnvironmentVariables)
	delete(env, "PORT")
	env[programVariable] = ptr(batch.Program())
	command := fmt.Sprintf(`%s="${{inputs.input}}" %s="${{outputs.output}}" python -c "$%s" %s %s`, batch.Input, batch.Output, programVariable, formats[0], formats[1])
	properties := &api.CommandJob{
		JobType: ptr(api.JobTypeCommand), ExperimentName: &endpoint, Tags: r.deployment.Tags,
		Command: &command, EnvironmentID: on.EnvironmentID, EnvironmentVariables: env,
		Inputs:    map[string]api.JobInputClassification{"input": &api.URIFileJobInput{JobInputType: ptr(api.JobInputTypeURIFile), Mode: ptr(api.InputDeliveryModeReadOnlyMount), URI: &o.Input}},
		Outputs:   map[string]api.JobOutputClassification{"output": &api.URIFileJobOutput{JobOutputType: ptr(api.JobOutputTypeURIFile), Mode: ptr(api.OutputDeliveryModeReadWriteMount), URI: &o.Output}},
		Resources: &api.JobResourceConfiguration{InstanceType: on.InstanceType, InstanceCount: ptr(int32(1))},
	}
	if o.Timeout > 0 {
		properties.Limits = &api.CommandJobLimits{JobLimitsType: ptr(api.JobLimitsTypeCommand), Timeout: iso(o.Timeout.Round(time.Second))}
	}
	return &api.JobBase{Properties: properties}, nil
}

// isDatastore reports whether a text is the address of a file in a datastore of the
// workspace. A shell gets its path.
func isDatastore(text string) bool {
	rest, ok := strings.CutPrefix(text, "azureml://datastores/")
	name, path, found := strings.Cut(rest, "/paths/")
	return ok && found && name != "" && !strings.Contains(name, "/") && path != "" && !strings.HasSuffix(path, "/") &&
		!strings.ContainsAny(text, "\"'`$\\?#") && !slices.Contains(strings.Split(path, "/"), "..") &&
		!strings.ContainsFunc(text, func(r rune) bool { return r < ' ' || r == 0x7f })
}

// job is a job of the workspace.
type job struct {
	*connection
	name string
	say  func(string)
}

// JobError is a batch that has failed.
type JobError struct {
	// Job is its name, Status how it has ended, and Studio the address of its page.
	Job, Status, Studio string
}

// Error has where the job's log is, which the resource manager does not have.
func (e *JobError) Error() string {
	text := fmt.Sprintf("job %s is %s", e.Job, e.Status)
	if e.Studio != "" {
		text += "; its log is at " + e.Studio
	}
	return text
}

// cancelLimit is how long a job may take to end.
const cancelLimit = 5 * time.Minute

// run runs the job and waits for its end. It ends the job if ctx ends.
func (j *job) run(ctx context.Context, body api.JobBase) error {
	_, err := j.jobs.CreateOrUpdate(ctx, j.group, j.workspace, j.name, body, nil)
	if s := status(err); err != nil && s >= 400 && s < 500 && s != http.StatusConflict {
		return refused("start job "+j.name, err)
	}
	// After another error it may be there: nobody else has the name.
	if err == nil || changing(err) {
		j.say("started job " + j.name)
		var done bool
		if done, err = j.follow(ctx); done {
			return err
		}
	} else {
		err = refused("start job "+j.name, err)
	}
	if ctx.Err() != nil {
		err = context.Cause(ctx)
	}
	fresh, cancel := context.WithTimeout(context.WithoutCancel(ctx), cancelLimit)
	defer cancel()
	return errors.Join(err, j.cancel(fresh))
}
