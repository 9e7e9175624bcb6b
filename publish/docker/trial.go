package docker

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"github.com/deployfile/deployfile/manifests"
	"github.com/deployfile/deployfile/publish/internal/serving"
	"github.com/moby/moby/api/types/container"
)

// trialError is a trial that failed, with the last lines of its log.
type trialError struct {
	cause error
	log   []string
}

func (e *trialError) Error() string { return e.cause.Error() }
func (e *trialError) Unwrap() error { return e.cause }

// tryOut lets a container with the settings of the new one serve at another
// port, beside the one that serves.
func (d *deployment) tryOut(ctx context.Context) error {
	c := *d.wanted
	c.Labels = map[string]string{serving.LabelEndpoint: d.endpoint}
	if c.Publish != nil {
		// The engine chooses the port.
		other := *c.Publish
		other.Port = 0
		if d.reach.local || d.reach.dial != nil {
			other.Address = "127.0.0.1"
		}
		c.Publish = &other
	} else if err := serving.MoveAway(&c); err != nil {
		return err
	}
	o, err := settings(&c)
	if err != nil {
		return err
	}
	o.Name = d.trialName()
	d.options.Progress(fmt.Sprintf("trying revision %d at another port", d.revision.Number))
	if _, err := d.create(ctx, o); err != nil {
		return err
	}
	if err := d.start(ctx, o.Name); err != nil {
		return err
	}
	url, err := d.trialURL(ctx, &c)
	if err == nil {
		err = d.wait(ctx, o.Name, url)
	}
	if err != nil {
		return &trialError{err, d.lastLines(ctx, o.Name)}
	}
	return d.remove(ctx, o.Name)
}

// trialURL is where the trial is reached.
func (d *deployment) trialURL(ctx context.Context, c *manifests.Container) (string, error) {
	if c.Publish == nil {
		return d.reach.url("", c.Port), nil
	}
	inside, err := portOf(c.Port)
	if err != nil {
		return "", err
	}
	got, err := d.inspect(ctx, d.trialName())
	if err != nil {
		return "", err
	}
	if err := ended(got); err != nil {
		return "", err
	}
	bindings := got.NetworkSettings.Ports[inside]
	if len(bindings) == 0 {
		return "", fmt.Errorf("container %s has no port: is %q a network whose ports can be published?", d.trialName(), c.Network)
	}
	port, err := strconv.Atoi(bindings[0].HostPort)
	if err != nil {
		return "", err
	}
	return d.reach.url(c.Publish.Address, port), nil
}

// ended says that a container runs no more.
func ended(c *container.InspectResponse) error {
	switch {
	case c == nil || c.State == nil:
		return errors.New("the container is gone")
	case c.State.OOMKilled:
		return errors.New("the server needed more memory than it may have, and was ended")
	case c.State.Status == container.StateExited, c.State.Status == container.StateDead:
		message := fmt.Sprintf("the server ended with exit code %d", c.State.ExitCode)
		if c.State.Error != "" {
			message += ": " + c.State.Error
		}
		return errors.New(message)
	}
	return nil
}
