package report

import (
	"bytes"
	"embed"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// files has the schema of all commands, a copy of docs/report.schema.json that the tests
// generate.
//
//go:embed schema.json
var files embed.FS

// document is the part of the schema of all commands that Schema takes apart.
type document struct {
	Dialect    string                     `json:"$schema"`
	Defs       map[string]json.RawMessage `json:"$defs"`
	Properties map[string]json.RawMessage `json:"properties"`
}

func readSchema() (d document, err error) {
	data, err := files.ReadFile("schema.json")
	if err == nil {
		err = json.Unmarshal(data, &d)
	}
	return d, err
}

// The schemas that are of no command.
const (
	// Errors is that of the error of any command with --json.
	Errors = "errors"
	// Events is that of a line of --events.
	Events = "events"
)

// Commands returns the commands that have a schema, sorted, such as "model push", and
// Errors and Events.
func Commands() ([]string, error) {
	d, err := readSchema()
	return slices.Sorted(maps.Keys(d.Properties)), err
}

// title returns the title of a schema.
func title(command string) string {
	switch command {
	case Errors:
		return "the last line of standard error if deployfile --json fails"
	case Events:
		return "a line of deployfile --events"
	}
	return "deployfile " + command + " --json"
}

// Schema returns the JSON Schema of what a command prints with --json, or of Errors or
// Events.
func Schema(command string) ([]byte, error) {
	d, err := readSchema()
	if err != nil {
		return nil, err
	}
	root, ok := d.Properties[command]
	if !ok {
		return nil, fmt.Errorf("%q prints no JSON", command)
	}
	used := map[string]json.RawMessage{}
	d.collect(root, used)
	out := map[string]any{"$schema": d.Dialect, "title": title(command), "$defs": used}
	var forms map[string]json.RawMessage
	if err := json.Unmarshal(root, &forms); err != nil {
		return nil, err
	}
	for key, value := range forms {
		out[key] = value
	}
	var text bytes.Buffer
	e := json.NewEncoder(&text)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	err = e.Encode(out)
	return text.Bytes(), err
}

// collect adds the definitions that a schema refers to.
func (d document) collect(schema json.RawMessage, used map[string]json.RawMessage) {
	for name, definition := range d.Defs {
		if _, known := used[name]; !known && strings.Contains(string(schema), `"#/$defs/`+name+`"`) {
			used[name] = definition
			d.collect(definition, used)
		}
	}
}
