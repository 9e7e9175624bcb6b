package mlmodel

import (
	"path"
	"strings"

	"github.com/deployfile/deployfile/internal/terminal"
	"github.com/deployfile/deployfile/internal/untrusted"
)

// RegisteredModelMeta is a file that MLflow's clients before 3.18 write beside a model
// which they fetch from a registry. It is no part of the model: the same version
// fetched by a newer client lacks it.
const RegisteredModelMeta = "registered_model_meta"

// readRegistered reads RegisteredModelMeta. A fault in it is only a warning, since the
// model is served without it.
func (r *reader) readRegistered() {
	if !r.exists(RegisteredModelMeta) {
		return
	}
	r.model.LeftOut = []string{RegisteredModelMeta}
	file := path.Join(r.dir, RegisteredModelMeta)
	d, err := readDocument(r.fsys, file)
	if err != nil {
		r.warn(file, 0, "the file is unused and invalid: "+err.Error())
		return
	}
	for key, to := range map[string]*string{"model_name": &r.model.RegisteredName, "model_version": &r.model.RegisteredVersion} {
		if value, err := d.text(d.top, key); err == nil && !terminal.Obeys(value) {
			*to = value
		}
	}
}

// maxVariables limits the size of environment_variables.txt, in bytes.
const maxVariables = 1 << 20

// readVariables adds the names in environment_variables.txt, one a line, to those of
// MLmodel.
func (r *reader) readVariables() error {
	if !r.exists(variablesFile) {
		return nil
	}
	file := path.Join(r.dir, variablesFile)
	data, err := untrusted.ReadFile(r.fsys, file, maxVariables)
	if err != nil {
		return readError(file, err, true)
	}
	listed := map[string]bool{}
	for _, name := range r.model.EnvVars {
		listed[name] = true
	}
	for _, l := range logicalLines(Text(data)) {
		name, _, _ := strings.Cut(l.text, "=")
		if name = strings.TrimSpace(name); variableName(name) && !listed[name] {
			listed[name] = true
			r.model.EnvVars = append(r.model.EnvVars, name)
		}
	}
	return nil
}

// variableName reports whether a text can be the name of an environment variable.
func variableName(name string) bool {
	return name != "" && !strings.ContainsAny(name, " \t=") && !terminal.Obeys(name)
}
