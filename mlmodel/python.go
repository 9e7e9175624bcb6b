package mlmodel

import (
	"fmt"
	"regexp"
	"strings"

	"go.yaml.in/yaml/v3"
)

var pythonVersion = regexp.MustCompile(`^[0-9]+\.[0-9]+(\.[0-9]+)?((a|b|rc)[0-9]+)?\+?$`)

// pythonVersion returns a key's Python version; "" if the key is missing.
func (d *document) pythonVersion(mapping *yaml.Node, key string) (string, error) {
	version, err := d.text(mapping, key)
	if err == nil && version != "" && !pythonVersion.MatchString(version) {
		err = d.fault(get(mapping, key).Line, fmt.Sprintf("%q is not a Python version", version), "write it as 3.11.7")
	}
	return version, err
}

// refinePython replaces MLmodel's Python version by that of an environment
// file, as MLflow does, unless MLmodel has the same version in more detail.
func (r *reader) refinePython(version, file string, line int) {
	if version != "" && !strings.HasPrefix(r.model.Python, version+".") {
		r.model.Python, r.model.PythonFile, r.model.PythonLine = version, file, line
	}
}
