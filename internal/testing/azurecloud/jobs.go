package azurecloud

import (
	"fmt"
	"maps"
	"net/http"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// Task is what a command job runs, once.
type Task struct {
	Image   string
	Command string
	Env     map[string]string
	// Mounts are directories of this machine, by where the command finds them.
	Mounts map[string]string
}

// job is a command job.
type job struct {
	name, state string
	body        map[string]any
	until       time.Time
	// done has how it has ended, nil while it runs.
	done chan error
	// failure is why it has failed.
	failure error
}

// jobTime is how long jobs take.
const jobTime = 5 * time.Minute

// datastore is where the files are that jobs read and write.
const datastore = "azureml://datastores/workspaceblobstore/paths/"

func (c *Cloud) putJob(r *http.Request, body map[string]any) (answer, error) {
	name := r.PathValue("job")
	if c.jobs[name] != nil {
		return answer{}, &refusal{http.StatusConflict, "UserError", "A job with this name already exists. If you are trying to create a new job, use a different name."}
	}
	id := text(body, "properties", "environmentId")
	parts := strings.Split(strings.TrimPrefix(id, workspaceID+"/environments/"), "/")
	if len(parts) != 3 || c.environments[parts[0]][parts[2]] == nil {
		return answer{}, invalid("the environment %s is not there", id)
	}
	task := Task{
		Image: text(c.environments[parts[0]][parts[2]], "properties", "image"), Command: text(body, "properties", "command"),
		Env: map[string]string{}, Mounts: map[string]string{},
	}
	variables, _ := at(body, "properties", "environmentVariables").(map[string]any)
	for key := range variables {
		task.Env[key] = text(variables, key)
	}
	j := &job{name: name, state: "Starting", body: copied(body), until: c.now.Add(jobTime), done: make(chan error, 1)}
	for _, side := range []string{"inputs", "outputs"} {
		all, _ := at(body, "properties", side).(map[string]any)
		for _, key := range slices.Sorted(maps.Keys(all)) {
			uri := text(all, key, "uri")
			file, ok := strings.CutPrefix(uri, datastore)
			if !ok {
				return answer{}, invalid("there is no datastore of %s", uri)
			}
			file = filepath.Join(c.Storage, filepath.FromSlash(file))
			if side == "inputs" {
				if _, err := os.Stat(file); err != nil {
					j.done <- fmt.Errorf("%s: the specified path does not exist", uri)
				}
			} else if err := os.MkdirAll(filepath.Dir(file), 0o777); err != nil {
				return answer{}, invalid("%v", err)
			}
			mount := "/mnt/azureml/" + side + "/" + key
			task.Mounts[mount] = filepath.Dir(file)
			task.Command = strings.ReplaceAll(task.Command, "${{"+side+"."+key+"}}", path.Join(mount, filepath.Base(file)))
		}
	}
	if strings.Contains(task.Command, "${{") {
		return answer{}, invalid("the command has an unknown name: %s", task.Command)
	}
	if len(j.done) == 0 {
		if run := c.Run; run != nil {
			c.working.Go(func() { j.done <- run(task) })
		} else {
			j.done <- nil
		}
	}
	c.jobs[name] = j
	return answer{status: 201, body: c.shownJob(j)}, nil
}

// passJobs ends the jobs that are over by now.
func (c *Cloud) passJobs() {
	for _, j := range c.jobs {
		switch {
		case j.until.IsZero() || j.until.After(c.now):
		case j.state == "CancelRequested":
			j.state, j.until = "Canceled", time.Time{}
		case len(j.done) > 0:
			j.state, j.until = "Completed", time.Time{}
			if j.failure = <-j.done; j.failure != nil {
				j.state = "Failed"
			}
		default:
			j.state = "Running"
		}
	}
}

func (c *Cloud) shownJob(j *job) map[string]any {
	out := copied(j.body)
	out["id"], out["name"], out["type"] = workspaceID+"/jobs/"+j.name, j.name, "Microsoft.MachineLearningServices/workspaces/jobs"
	properties, _ := out["properties"].(map[string]any)
	properties["status"] = j.state
	properties["services"] = map[string]any{"Studio": map[string]any{"endpoint": "https://ml.azure.com/runs/" + j.name, "jobServiceType": "Studio"}}
	return out
}

func (c *Cloud) findJob(r *http.Request) (*job, error) {
	if j := c.jobs[r.PathValue("job")]; j != nil {
		return j, nil
	}
	return nil, notFound("job " + r.PathValue("job"))
}

func (c *Cloud) getJob(r *http.Request, _ map[string]any) (answer, error) {
	j, err := c.findJob(r)
	if err != nil {
		return answer{}, err
	}
	return answer{status: 200, body: c.shownJob(j)}, nil
}

func (c *Cloud) cancelJob(r *http.Request, _ map[string]any) (answer, error) {
	j, err := c.findJob(r)
	if err != nil {
		return answer{}, err
	}
	if j.until.IsZero() {
		return answer{}, invalid("job %s is %s", j.name, j.state)
	}
	j.state, j.until = "CancelRequested", c.now.Add(time.Minute)
	o := c.begin()
	o.end(nil)
	return answer{status: 202, header: c.headers(o)}, nil
}

// Jobs returns how each job has ended, or what it does, with why.
func (c *Cloud) Jobs() (out []string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, j := range c.jobs {
		line := j.state
		if j.failure != nil {
			line += ": " + j.failure.Error()
		}
		out = append(out, line)
	}
	slices.Sort(out)
	return out
}
