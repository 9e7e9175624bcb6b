package mlmodel

import (
	"bytes"
	"encoding/json"
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/deployfile/deployfile/internal/terminal"
	"go.yaml.in/yaml/v3"
)

const pyfunc = "python_function"

// readModelFile reads MLmodel.
func (r *reader) readModelFile() error {
	d, m := r.doc, &r.model
	if err := r.refuseElsewhere(); err != nil {
		return err
	}
	flavors, err := r.flavors()
	if err != nil {
		return err
	}
	function := get(flavors, pyfunc)
	for _, t := range []struct {
		mapping *yaml.Node
		key     string
		to      *string
	}{
		{d.top, "mlflow_version", &m.MLflowVersion},
		{d.top, "run_id", &m.RunID},
		{d.top, "model_id", &m.ModelID},
		{d.top, "model_uuid", &m.UUID},
		{function, "loader_module", &m.Loader},
	} {
		if *t.to, err = d.text(t.mapping, t.key); err != nil {
			return err
		}
	}
	r.readPython(d, function, "python_version")
	if m.CodePath, err = r.inside(function, "code"); err != nil {
		return err
	}
	for _, key := range []string{"model_path", "data", "python_model", "model_code_path"} {
		if m.ModelPath != "" {
			break
		}
		if key == "model_code_path" {
			m.ModelPath, err = codeFile(d, function, key)
		} else {
			m.ModelPath, err = r.inside(function, key)
		}
		if err != nil {
			return err
		}
	}
	m.Pickled = pickled(flavors, m.Loader)
	if err := r.readCreated(); err != nil {
		return err
	}
	if err := r.readSignature(); err != nil {
		return err
	}
	if n := get(d.top, "metadata"); n != nil {
		if m.Metadata, err = d.json(n); err != nil {
			return err
		}
	}
	return r.readExample()
}

// codeFile returns the file of a model that is code. MLflow records the path at
// logging time, and loads the file of that name from the model's directory.
func codeFile(d *document, function *yaml.Node, key string) (string, error) {
	written, err := d.text(function, key)
	if err != nil || written == "" {
		return "", err
	}
	return path.Base(strings.ReplaceAll(written, `\`, "/")), nil
}

// flavors returns the mapping of flavors and records their names.
func (r *reader) flavors() (*yaml.Node, error) {
	d := r.doc
	flavors, err := d.mapping(d.top, "flavors")
	if err != nil {
		return nil, err
	}
	none := &NoPyfuncError{File: d.file, Line: 1}
	if flavors == nil {
		return nil, none
	}
	for i := 0; i+1 < len(flavors.Content); i += 2 {
		name := flavors.Content[i].Value
		if terminal.Obeys(name) || strings.Contains(name, ",") {
			// Labels and the generated Deployfile list them.
			return nil, d.fault(flavors.Content[i].Line, fmt.Sprintf("the flavor %q has a comma or a control character in its name", name), "")
		}
		r.model.Flavors = append(r.model.Flavors, name)
	}
	slices.Sort(r.model.Flavors)
	r.model.Flavors = slices.Compact(r.model.Flavors)
	if !slices.Contains(r.model.Flavors, pyfunc) {
		none.Line = max(1, flavors.Line)
		none.Flavors = r.model.Flavors
		return nil, none
	}
	if get(flavors, pyfunc) == nil {
		return nil, d.fault(flavors.Line, pyfunc+" is empty", "")
	}
	if _, err := d.mapping(flavors, pyfunc); err != nil {
		return nil, err
	}
	return flavors, nil
}

// inside returns a key's path relative to the model's directory, and refuses a
// path outside it.
func (r *reader) inside(mapping *yaml.Node, key string) (string, error) {
	value, err := r.doc.text(mapping, key)
	if err != nil || value == "" {
		return "", err
	}
	name, ok := localPath(".", value)
	if !ok {
		return "", r.doc.fault(get(mapping, key).Line, fmt.Sprintf("%s names %q, which is outside the model's directory", key, value),
			"")
	}
	return name, nil
}

// pickled reports whether a model's data is a pickle: by the flavor's format,
// the names of its files, or a loader that unpickles.
func pickled(flavors *yaml.Node, loader string) bool {
	named := false
	for i := 1; i < len(flavors.Content); i += 2 {
		switch format := get(flavors.Content[i], "serialization_format"); {
		case format == nil:
		case slices.Contains([]string{"pickle", "cloudpickle", "joblib"}, format.Value):
			return true
		default:
			named = true
		}
	}
	return namesPickle(flavors) || !named && loader == "mlflow.pytorch"
}

func namesPickle(n *yaml.Node) bool {
	if n.Kind == yaml.ScalarNode {
		switch path.Ext(strings.ToLower(n.Value)) {
		case ".pkl", ".pickle", ".joblib", ".cloudpickle":
			return true
		}
	}
	for i, c := range n.Content {
		// An artifact's uri is where it came from, not a file of the model.
		if n.Kind == yaml.MappingNode && (i%2 == 0 || n.Content[i-1].Value == "uri") {
			continue
		}
		if namesPickle(c) {
			return true
		}
	}
	return false
}

// readCreated reads utc_time_created. MLflow writes it as the str of a Python
// datetime without a zone (without a fraction if that is zero); other tools
// write RFC 3339 or milliseconds since 1970.
func (r *reader) readCreated() error {
	value, err := r.doc.text(r.doc.top, "utc_time_created")
	if err != nil || value == "" {
		return err
	}
	for _, layout := range []string{
		"2006-01-02 15:04:05", "2006-01-02 15:04:05Z07:00", "2006-01-02T15:04:05", time.RFC3339, "2006-01-02 15:04", "2006-01-02",
	} {
		if t, err := time.Parse(layout, value); err == nil {
			r.model.Created = t.UTC().Format(time.RFC3339Nano)
			return nil
		}
	}
	if ms, err := strconv.ParseInt(value, 10, 64); err == nil && ms > 0 && ms < 1<<43 {
		r.model.Created = time.UnixMilli(ms).UTC().Format(time.RFC3339Nano)
		return nil
	}
	r.warn(r.doc.file, get(r.doc.top, "utc_time_created").Line, fmt.Sprintf("utc_time_created %q is not a time; the image gets none", value))
	return nil
}

// readSignature joins the JSON strings of the signature into one object.
func (r *reader) readSignature() error {
	d := r.doc
	signature, err := d.mapping(d.top, "signature")
	if err != nil || signature == nil {
		return err
	}
	var whole bytes.Buffer
	for _, key := range []string{"inputs", "outputs", "params"} {
		n := get(signature, key)
		if n == nil {
			continue
		}
		var part json.RawMessage
		if n.Kind == yaml.ScalarNode {
			var compact bytes.Buffer
			if err := json.Compact(&compact, []byte(n.Value)); err != nil {
				// Python writes and reads NaN, which is not JSON; MLflow serves such a
				// model.
				r.warn(d.file, n.Line, fmt.Sprintf("the signature's %s is not JSON and is left out of the image's labels: %v", key, err))
				continue
			}
			part = compact.Bytes()
		} else if part, err = d.json(n); err != nil {
			return err
		}
		if string(part) == "null" {
			continue
		}
		if whole.Len() > 0 {
			whole.WriteByte(',')
		}
		fmt.Fprintf(&whole, "%q:%s", key, part)
	}
	r.model.Signature = json.RawMessage("{" + whole.String() + "}")
	return nil
}

// readExample finds the saved input example.
func (r *reader) readExample() error {
	d, m := r.doc, &r.model
	info, err := d.mapping(d.top, "saved_input_example_info")
	if err != nil {
		return err
	}
	if m.InputExampleType, err = d.text(info, "type"); err != nil {
		return err
	}
	for _, example := range []struct {
		key, usual string
		to         *string
	}{
		{"serving_input_path", servingInputFile, &m.ServingInput},
		{"artifact_path", inputExampleFile, &m.InputExample},
	} {
		name, err := r.inside(info, example.key)
		if err != nil {
			return err
		}
		switch {
		case name != "" && r.exists(name):
			*example.to = name
		case name != "":
			r.warn(d.file, get(info, example.key).Line, fmt.Sprintf("the input example %s is missing; the build cannot test a prediction", name))
		case r.exists(example.usual):
			*example.to = example.usual
		}
	}
	names, err := d.list(d.top, "env_vars")
	if err != nil {
		return err
	}
	for _, n := range names {
		if n.Kind == yaml.ScalarNode {
			m.EnvVars = append(m.EnvVars, n.Value)
		}
	}
	return nil
}
