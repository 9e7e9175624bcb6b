package mlmodel

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/deployfile/deployfile/internal/listing"
	"go.yaml.in/yaml/v3"
)

// Limits for the variables of a conda.yaml: their number, and the bytes of a value. A
// process takes no more than 128 KiB in one.
const (
	maxCondaVariables = 100
	maxCondaValue     = 8 << 10
)

var (
	environmentName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)
	// ownVariable matches what the image sets itself, and what leads into conda's own
	// environment, which no image has.
	ownVariable = regexp.MustCompile(`^(PATH|PYTHONPATH|PYTHONHOME|VIRTUAL_ENV|HOME|USER|PORT|MODEL_PATH|LD_.*|CONDA_.*|_CONDA.*)$`)
)

// takeVariables takes the variables that conda sets where it activates the environment.
func (r *reader) takeVariables(env *condaEnvironment) {
	n := get(env.doc.top, "variables")
	if n == nil {
		return
	}
	if n.Kind != yaml.MappingNode {
		r.warn(env.doc.file, n.Line, "variables are no mapping of names to values, and are not set; write them under env in [environment]")
		return
	}
	var left []string
	for i := 0; i+1 < len(n.Content); i += 2 {
		name, value := n.Content[i].Value, follow(n.Content[i+1])
		switch {
		case isNull(value):
		case value.Kind != yaml.ScalarNode, !environmentName.MatchString(name), ownVariable.MatchString(name), len(value.Value) > maxCondaValue,
			strings.ContainsFunc(value.Value, isControl), len(r.model.Variables) == maxCondaVariables && r.model.Variables[name] == "":
			left = append(left, cropped(name))
		default:
			if r.model.Variables == nil {
				r.model.Variables = map[string]string{}
			}
			r.model.Variables[name] = value.Value
		}
	}
	if len(left) > 0 {
		slices.Sort(left)
		r.warn(env.doc.file, n.Line, fmt.Sprintf("not set: %s: the image or conda itself uses these, or their values are no text of one line; write what the model needs under env in [environment]",
			listing.First(slices.Compact(left))))
	}
}
