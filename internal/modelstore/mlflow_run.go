package modelstore

import (
	"context"
	"fmt"
	"net/http"
	"strings"

	"github.com/deployfile/deployfile/modelsource"
)

// run is a run of an experiment.
type run struct {
	Info struct {
		ID           string `json:"run_id"`
		ExperimentID string `json:"experiment_id"`
		URI          string `json:"artifact_uri"`
	} `json:"info"`
	Data struct {
		Tags []struct{ Key, Value string } `json:"tags"`
	} `json:"data"`
}

func (s *server) run(ctx context.Context, id string) (*run, error) {
	var answer struct {
		Run run `json:"run"`
	}
	err := s.call(ctx, http.MethodGet, "runs/get", fmt.Sprintf("the run %q", id), map[string]any{"run_id": id}, &answer)
	return &answer.Run, err
}

// describeRun adds to a pin what a run says of itself. A run may be deleted, and its
// model still there.
func (s *server) describeRun(ctx context.Context, id string, pin *modelsource.Pin) {
	r, err := s.run(ctx, id)
	if err != nil {
		return
	}
	s.describe(r, pin)
}

func (s *server) describe(r *run, pin *modelsource.Pin) {
	pin.Experiment = r.Info.ExperimentID
	for _, t := range r.Data.Tags {
		if t.Key == "mlflow.source.git.commit" {
			pin.Commit = t.Value
		}
	}
}

// resolveRun finds runs:/RUN/PATH: the files below the run's artifacts and, in MLflow 3,
// those of the run's logged model whose name is the first part of the path. MLflow
// takes both, and of two files with the same path that of the logged model
// (mlflow/store/artifact/runs_artifact_repo.py).
func (s *server) resolveRun(ctx context.Context, n modelsource.MLflowName, pin modelsource.Pin) (*Model, error) {
	r, err := s.run(ctx, n.RunID)
	if err != nil {
		return nil, err
	}
	pin.RunID, pin.Resolved = n.RunID, pin.Source
	s.describe(r, &pin)
	name, rest, _ := strings.Cut(n.Path, "/")
	logged, err := s.loggedBy(ctx, r, name)
	if err != nil {
		return nil, err
	}
	own, err := joinLocation(r.Info.URI, n.Path)
	if err != nil {
		return nil, err
	}
	if logged == nil {
		pin.Location = own
		store, err := s.open(own)
		return &Model{Pin: pin, Store: store}, err
	}
	pin.ModelID = logged.Info.ID
	if pin.Location, err = joinLocation(logged.Info.URI, rest); err != nil {
		return nil, err
	}
	store, err := s.open(pin.Location)
	if err != nil {
		return nil, err
	}
	// Of a directory that is not there, a server says 500.
	beside, err := (&server{client: s.client.once(), base: s.base, trusted: s.trusted, options: s.options}).open(own)
	if err != nil {
		return nil, err
	}
	if _, err := beside.List(ctx); err == nil {
		return nil, fmt.Errorf("%s: the run has files at %q, and a logged model of that name, too: name one of them, such as models:/%s", s.client.host, n.Path, logged.Info.ID)
	}
	return &Model{Pin: pin, Store: store}, nil
}

// maxPages limits the pages of a search.
const maxPages = 1000

// loggedBy returns the logged model of a run with a name, nil if there is none.
func (s *server) loggedBy(ctx context.Context, r *run, name string) (*loggedModel, error) {
	if strings.Contains(name, "'") {
		return nil, nil // MLflow allows no such name
	}
	asked := map[string]any{"experiment_ids": []string{r.Info.ExperimentID}, "filter": fmt.Sprintf("name = '%s'", name)}
	for range maxPages {
		var answer struct {
			Models []loggedModel `json:"models"`
			Next   string        `json:"next_page_token"`
		}
		err := s.call(ctx, http.MethodPost, "logged-models/search", fmt.Sprintf("the logged models of the run %q", r.Info.ID), asked, &answer)
		if status(err) == http.StatusNotFound || status(err) == http.StatusMethodNotAllowed {
			return nil, nil // MLflow 2
		}
		if err != nil {
			return nil, err
		}
		for _, m := range answer.Models {
			if m.Info.RunID == r.Info.ID {
				return &m, nil
			}
		}
		if answer.Next == "" {
			return nil, nil
		}
		asked["page_token"] = answer.Next
	}
	return nil, fmt.Errorf("%s: the list of logged models has more than %d pages", s.client.host, maxPages)
}
