package report_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/deployfile/deployfile/internal/testing/golden"
	"github.com/deployfile/deployfile/report"
	"github.com/invopop/jsonschema"
)

var update = flag.Bool("update", false, "write docs/report.schema.json again")

// schemaFile is the schema, for readers and generators of other languages.
const schemaFile = "../docs/report.schema.json"

// commands has what each command prints with --json, and what all of them have.
func commands() map[string][]any {
	return map[string][]any{
		"add":            {report.Edit{}},
		"build":          {report.Build{}},
		"builder prune":  {report.Prune{}},
		"builder status": {report.Builder{}},
		"builder stop":   {report.Stop{}},
		"check":          {[]report.Finding{}},
		"delete":         {[]report.Deletion{}},
		"deploy":         {[]report.Outcome{}},
		report.Errors:    {report.Error{}},
		report.Events:    {report.Event{}},
		"diff":           {report.Comparison{}, []report.TargetDiff{}},
		"eject":          {report.Directory{}},
		"env":            {report.Directory{}},
		"init":           {report.Init{}},
		"inspect":        {report.Inspection{}},
		"list":           {[]report.Revision{}},
		"lock":           {report.Lock{}},
		"model inspect":  {report.ModelArtifact{}},
		"model pull":     {report.ModelPull{}},
		"model push":     {report.ModelPush{}},
		"open":           {report.Endpoint{}},
		"plan --sizes":   {[]report.Sizes{}},
		"promote":        {[]report.Outcome{}},
		"remove":         {report.Edit{}},
		"rollback":       {[]report.Outcome{}},
		"run":            {report.Server{}},
		"status":         {[]report.Status{}},
		"verify":         {report.Verification{}},
		"version":        {report.Version{}},
	}
}

func schema() ([]byte, error) {
	reflector := jsonschema.Reflector{Anonymous: true, AllowAdditionalProperties: true}
	for _, name := range []string{"report", "deployfile"} {
		if err := reflector.AddGoComments("github.com/deployfile/deployfile/"+name, "../"+name); err != nil {
			return nil, err
		}
	}
	root := &jsonschema.Schema{
		Version:     jsonschema.Version,
		Title:       "deployfile --json",
		Description: "What the commands of deployfile print with --json, one property for each command.",
		Type:        "object",
		Properties:  jsonschema.NewProperties(),
		Definitions: jsonschema.Definitions{},
	}
	byCommand := commands()
	for _, command := range slices.Sorted(maps.Keys(byCommand)) {
		var forms []*jsonschema.Schema
		for _, value := range byCommand[command] {
			s := reflector.Reflect(value)
			maps.Copy(root.Definitions, s.Definitions)
			s.Definitions, s.Version = nil, ""
			forms = append(forms, s)
		}
		if len(forms) == 1 {
			root.Properties.Set(command, forms[0])
		} else {
			root.Properties.Set(command, &jsonschema.Schema{AnyOf: forms})
		}
	}
	for _, d := range root.Definitions {
		for p := d.Properties.Oldest(); p != nil; p = p.Next() {
			p.Value.Description = ofKey(p.Key, p.Value.Description)
		}
	}
	var out bytes.Buffer
	e := json.NewEncoder(&out)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	err := e.Encode(root)
	return out.Bytes(), err
}

// ofKey calls a field by its key, where the comment begins with its Go name.
func ofKey(key, comment string) string {
	comment = strings.ReplaceAll(comment, "\n", " ")
	name, rest, _ := strings.Cut(comment, " ")
	if strings.EqualFold(name, strings.ReplaceAll(key, "-", "")) {
		return key + " " + rest
	}
	return comment
}

// The schema in docs is that of the types.
func TestSchema(t *testing.T) {
	want, err := schema()
	if err != nil {
		t.Fatal(err)
	}
	golden.Check(t, schemaFile, want, *update)
	// The program's own copy.
	golden.Check(t, "schema.json", want, *update)
}

// Each command has its schema, with the definitions that it refers to and no others.
func TestSchemaOfACommand(t *testing.T) {
	all, err := report.Commands()
	if want := slices.Sorted(maps.Keys(commands())); err != nil || !slices.Equal(all, want) {
		t.Fatalf("%v, %v, want %v", all, err, want)
	}
	for _, command := range all {
		data, err := report.Schema(command)
		if err != nil {
			t.Fatal(err)
		}
		var s struct {
			Title string
			Defs  map[string]any `json:"$defs"`
		}
		if err := json.Unmarshal(data, &s); err != nil || s.Title == "" {
			t.Errorf("%s: %v, %q", command, err, s.Title)
		}
		for name := range s.Defs {
			if !strings.Contains(string(data), `"#/$defs/`+name+`"`) {
				t.Errorf("%s: nothing refers to %s", command, name)
			}
		}
	}
	if _, err := report.Schema("lock it"); err == nil {
		t.Error("a command that is none has a schema")
	}
}
