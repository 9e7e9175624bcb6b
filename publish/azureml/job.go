package azureml

import (
	"context"
	"errors"

	api "github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/machinelearning/armmachinelearning/v4"

	"github.com/deployfile/deployfile/publish/internal/wait"
)

// look returns how the job goes on; over is true if it has ended.
func (j *job) look(ctx context.Context) (state api.JobStatus, over bool, ended error, err error) {
	got, err := j.jobs.Get(ctx, j.group, j.workspace, j.name, nil)
	if err != nil {
		return "", false, nil, err
	}
	properties, ok := got.Properties.(*api.CommandJob)
	if !ok {
		return "", false, nil, errors.New("job " + j.name + " is no command job")
	}
	state = deref(properties.Status)
	switch state {
	case api.JobStatusCompleted:
		return state, true, nil, nil
	case api.JobStatusFailed, api.JobStatusCanceled:
		failed := &JobError{Job: j.name, Status: string(state)}
		if studio := properties.Services["Studio"]; studio != nil {
			failed.Studio = deref(studio.Endpoint)
		}
		return state, true, failed, nil
	}
	return state, false, nil, nil
}

// follow waits for the end of the job, and reports whether it has seen it.
func (j *job) follow(ctx context.Context) (done bool, err error) {
	said := api.JobStatus("")
	for {
		state, over, ended, err := j.look(ctx)
		switch {
		case err != nil:
			return false, refused("look for job "+j.name, err)
		case over:
			return true, ended
		case state != said && state != "":
			said = state
			j.say("job " + j.name + " is " + string(state))
		}
		if err := wait.For(ctx, j.poll); err != nil {
			return false, err
		}
	}
}

// cancel ends the job, and waits until it has ended. One that is not there was not made.
func (j *job) cancel(ctx context.Context) error {
	_, err := j.jobs.BeginCancel(ctx, j.group, j.workspace, j.name, nil)
	if missing(err) {
		return nil
	}
	// A job that has ended cannot be cancelled.
	_, over, _, lookErr := j.look(ctx)
	for !over {
		if lookErr != nil {
			return refused("cancel job "+j.name, errors.Join(err, lookErr))
		}
		if err != nil {
			return refused("cancel job "+j.name, err)
		}
		if err := wait.For(ctx, j.poll); err != nil {
			return err
		}
		_, over, _, lookErr = j.look(ctx)
	}
	return nil
}
