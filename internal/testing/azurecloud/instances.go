package azurecloud

import (
	"net/http"
	"strings"
	"sync"
	"time"
)

// running is the server of a deployment, with the requests that it is answering.
type running struct {
	Server
	answering sync.WaitGroup
}

// launch is a server that was started, or why that failed.
type launch struct {
	server  Server
	failure *refusal
	log     []string
}

// stop ends the server of a deployment as soon as it has answered what it got.
func (c *Cloud) stop(d *deployment) {
	for _, s := range []*running{d.server, d.arrived()} {
		if s != nil {
			c.working.Go(func() {
				s.answering.Wait()
				s.Stop()
			})
		}
	}
	d.server, d.running = nil, false
}

// arrived returns a server that was started and is not used, nil for none.
func (d *deployment) arrived() *running {
	if d.coming == nil {
		return nil
	}
	l := <-d.coming
	d.coming = nil
	if l.server == nil {
		return nil
	}
	return &running{Server: l.server}
}

// started waits for the servers that start.
func (c *Cloud) started() {
	for _, e := range c.endpoints {
		for _, d := range e.deployments {
			if d.coming != nil {
				d.coming <- <-d.coming
			}
		}
	}
}

// launch begins to start the server of a deployment.
func (c *Cloud) launch(d *deployment, environment map[string]any) {
	if d.server != nil {
		c.stop(d)
	}
	d.coming = make(chan launch, 1)
	into, image, pull, start := d.coming, d.image, c.Pull, c.Start
	if pull == nil && start == nil {
		into <- launch{}
		return
	}
	container, mistake := containerOf(d.body, environment)
	if mistake != "" {
		into <- launch{failure: invalid("%s", mistake)}
		return
	}
	c.working.Go(func() {
		if pull != nil {
			if err := pull(image); err != nil {
				into <- launch{failure: invalid("Unable to download user container image: %v", err)}
				return
			}
		}
		if start == nil {
			into <- launch{}
			return
		}
		server, err := start(container)
		if err != nil {
			into <- launch{
				failure: &refusal{http.StatusBadRequest, "ResourceNotReady", "User container has crashed or terminated. Please see troubleshooting guide, available here: https://aka.ms/oe-tsg#error-resourcenotready"},
				log:     strings.Split(strings.TrimSpace(err.Error()), "\n"),
			}
			return
		}
		into <- launch{server: server}
	})
}

// containerOf returns what a deployment runs.
func containerOf(d, environment map[string]any) (out Container, mistake string) {
	out = Container{Image: text(environment, "properties", "image"), Env: map[string]string{}}
	variables, _ := at(d, "properties", "environmentVariables").(map[string]any)
	for name := range variables {
		out.Env[name] = text(variables, name)
	}
	for name, path := range map[string]string{"livenessRoute": "/ping", "readinessRoute": "/ping", "scoringRoute": "/invocations"} {
		port, _ := at(environment, "properties", "inferenceConfig", name, "port").(float64)
		if got := text(environment, "properties", "inferenceConfig", name, "path"); got != path || out.Port != 0 && out.Port != int(port) {
			return out, "the " + name + " is " + got
		}
		out.Port = int(port)
	}
	failures, _ := at(d, "properties", "readinessProbe", "failureThreshold").(float64)
	delay, period := seconds(d, "readinessProbe", "initialDelay"), seconds(d, "readinessProbe", "period")
	out.Startup, out.Request = delay+period*time.Duration(failures), seconds(d, "requestSettings", "requestTimeout")
	if out.Startup == 0 || out.Request == 0 {
		return out, "the probes and the timeout of requests would be Azure's own"
	}
	return out, ""
}

// seconds returns a time that a deployment has, as PT10S.
func seconds(d map[string]any, path ...string) time.Duration {
	out, err := time.ParseDuration(strings.ToLower(strings.TrimPrefix(text(d, append([]string{"properties"}, path...)...), "PT")))
	if err != nil {
		return 0
	}
	return out
}

// finish ends the creation or the update of a deployment.
func (c *Cloud) finish(d *deployment) {
	d.state = "Succeeded"
	if !d.restarts {
		d.under.end(nil)
		return
	}
	fail := func(failure *refusal) {
		c.stop(d)
		d.state = "Failed"
		d.under.end(failure)
	}
	if c.Quota > 0 && c.used() > c.Quota {
		fail(&refusal{http.StatusBadRequest, "OutOfQuota", "Not enough quota available for " + text(d.body, "properties", "instanceType") + ". Additional needed: 2."})
		return
	}
	l := <-d.coming
	d.coming = nil
	d.log = append(d.log, l.log...)
	if l.failure != nil {
		fail(l.failure)
		return
	}
	if l.server != nil {
		d.server = &running{Server: l.server}
	}
	d.running = true
	d.under.end(nil)
}
