package mlmodel

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/deployfile/deployfile/imagespec"
	"go.yaml.in/yaml/v3"
)

// HubReference is a repository of Hugging Face's hub, at a commit, that a model takes
// weights from: one of transformers that was logged with save_pretrained=False, or an
// adapter.
type HubReference struct{ Repository, Commit string }

// Older names have no owner: gpt2.
var (
	hubRepository = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]*(/[A-Za-z0-9][A-Za-z0-9._-]*)?$`)
	hubCommit     = regexp.MustCompile(`^[0-9a-f]{40}$`)
)

// maxComponents limits the components of a pipeline.
const maxComponents = 20

// HubReferences returns what an MLmodel file refers to.
func HubReferences(mlmodel []byte) ([]HubReference, error) {
	d, err := parseDocument(modelFile, mlmodel)
	if err != nil {
		return nil, err
	}
	refs, _ := hubReferences(d)
	return refs, nil
}

// HubUnreachable returns the fault of an MLmodel file, at the line that names the
// repository, whose weights cannot be had because of err.
func HubUnreachable(file string, mlmodel []byte, repository string, err error) error {
	d, wrong := parseDocument(file, mlmodel)
	if wrong != nil {
		return wrong
	}
	line := 1 + slices.IndexFunc(d.lines, func(line string) bool { return strings.Contains(line, repository) })
	fault := d.noWeights(line, fmt.Sprintf("those of %q cannot be had: %v", repository, err))
	fault.Err = err
	return fault
}

// hubReferences returns what the flavor transformers takes from a hub, as MLflow finds it
// (mlflow/transformers/model_io.py). ok is false if the model has no weights, and does not
// say which ones it wants.
func hubReferences(d *document) (refs []HubReference, ok bool) {
	flavor := get(get(d.top, "flavors"), "transformers")
	if get(flavor, "source_model_name") == nil || get(flavor, "model_binary") != nil {
		return nil, true
	}
	add := func(name, revision *yaml.Node) bool {
		if name == nil || revision == nil || !hubRepository.MatchString(name.Value) || !hubCommit.MatchString(revision.Value) {
			return false
		}
		if r := (HubReference{Repository: name.Value, Commit: revision.Value}); !slices.Contains(refs, r) {
			refs = append(refs, r)
		}
		return true
	}
	if get(flavor, "local_base_model_path") != nil || !add(get(flavor, "source_model_name"), get(flavor, "source_model_revision")) {
		return nil, false
	}
	components := []string{"processor"}
	if list, err := d.list(flavor, "components"); err == nil && len(list) <= maxComponents {
		for _, c := range list {
			components = append(components, c.Value)
		}
	}
	for _, c := range components {
		if name := get(flavor, c+"_name"); name != nil && !add(name, get(flavor, c+"_revision")) {
			return nil, false
		}
	}
	return refs, true
}

// takeHub has the image find the repositories, and ask no hub.
func (r *reader) takeHub(refs []HubReference) {
	if len(refs) == 0 {
		return
	}
	r.model.Hub = refs
	if r.model.Variables == nil {
		r.model.Variables = map[string]string{}
	}
	r.model.Variables["HF_HUB_CACHE"] = imagespec.ModelHubDir
	r.model.Variables["HF_HUB_OFFLINE"] = "1"
	r.model.Variables["TRANSFORMERS_OFFLINE"] = "1"
}
