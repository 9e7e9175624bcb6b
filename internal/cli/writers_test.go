package cli

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/deployfile/deployfile/deployfile"
	"github.com/deployfile/deployfile/internal/sbom"
	"github.com/deployfile/deployfile/internal/terminal"
	"github.com/deployfile/deployfile/internal/testing/hostile"
	"github.com/deployfile/deployfile/manifests"
	"github.com/deployfile/deployfile/manifests/cluster"
	"github.com/deployfile/deployfile/manifests/kinds"
	"github.com/deployfile/deployfile/report"
	"github.com/google/go-cmp/cmp"
)

// writer is something that writes names of others into a language.
type writer struct {
	name string
	// write writes a document with the name in all places that it can have. An
	// error refuses the name.
	write func(t *testing.T, name string) ([]byte, error)
	// read gives the document as maps, slices and texts.
	read func(document []byte) (any, error)
	// shown is what is read back where a name was written; nil for the name.
	shown func(name string) string
}

// placeholder stands for a name in the document that others are compared with.
const placeholder = "placeholder"

// writers returns all writers.
func writers() []writer {
	all := []writer{
		{"init's Deployfile of hostile flavors and versions", initOfModel, readFirstDeployfile, nil},
		{"init's Deployfile of hostile file names", initOfFiles, readFirstDeployfile, nil},
		{"add's Deployfile", writeAdded, readTOML, func(name string) string { return strings.ReplaceAll(valid(name), "${", "$${") }},
		{"lock", writeLock, readTOML, nil},
		{"plan --graph dot", writeGraph(graphDot), readDot, terminal.Line},
		{"plan --graph mermaid", writeGraph(graphMermaid), readMermaid, terminal.Line},
		{"plan and labels", writePlan, readJSON, valid},
		{"CycloneDX", writeSBOM(sbom.CycloneDX), readSBOM, valid},
		{"SPDX", writeSBOM(sbom.SPDX), readSBOM, valid},
		{"JSON of a state", writeFilled[manifests.State], readJSON, valid},
		{"check --json", writeFilled[[]report.Finding], readJSON, valid},
		{"errors with --json", writeFilled[report.Error], readJSON, valid},
		{"--events", writeFilled[report.Event], readJSON, valid},
		{"init --json", writeFilled[report.Init], readJSON, valid},
		{"add --json", writeFilled[report.Edit], readJSON, valid},
		{"env --json", writeFilled[report.Directory], readJSON, valid},
		{"deploy --json", writeFilled[[]report.Outcome], readJSON, valid},
		{"status --json", writeFilled[[]report.Status], readJSON, valid},
		{"list --json", writeFilled[[]report.Revision], readJSON, valid},
		{"delete --json", writeFilled[[]report.Deletion], readJSON, valid},
		{"diff --target --json", writeFilled[[]report.TargetDiff], readJSON, valid},
		{"diff --json", writeFilled[report.Comparison], readJSON, valid},
		{"verify --json", writeFilled[report.Verification], readJSON, valid},
		{"plan --sizes --json", writeFilled[[]report.Sizes], readJSON, valid},
		{"plan --sizes --format html", writePage, readHTML, terminal.Line},
		{"eject's Dockerfile", writeDockerfile, readDockerfile, nil},
		{"eject's requirements.txt", writePins, readPins, nil},
		{"lock --json", writeFilled[report.Lock], readJSON, valid},
		{"build --json", writeFilled[report.Build], readJSON, valid},
		{"inspect --json", writeFilled[report.Inspection], readJSON, valid},
		{"model push --json", writeFilled[report.ModelPush], readJSON, valid},
		{"model pull --json", writeFilled[report.ModelPull], readJSON, valid},
		{"model inspect --json", writeFilled[report.ModelArtifact], readJSON, valid},
		{"open --json", writeFilled[report.Endpoint], readJSON, valid},
	}
	for _, kind := range kinds.All() {
		w := writer{"manifests of " + kind.Name, writeManifests(kind), readYAML, nil}
		if _, err := cluster.Keys(deployfile.Target{Spec: kind.New()}); err == nil {
			w.read, w.shown = readKubernetes, valid
		}
		all = append(all, w)
	}
	return all
}

// writeAdded puts a name into each list that add and remove edit.
func writeAdded(_ *testing.T, name string) ([]byte, error) {
	e := deployfile.NewEdit([]byte("[environment]\nrequirements = [\"a\"]\n"))
	e.Append("environment", "requirements", name)
	e.Append("environment", "without", name)
	e.Append("environment", "override", "b")
	e.Replace("environment", "override", 0, name)
	return e.Bytes(), nil
}

// valid returns a name as JSON has it: each byte that is not UTF-8 is U+FFFD.
func valid(name string) string { return string([]rune(name)) }

// No name of others becomes syntax of what is written: it is read back as it was,
// or refused, and nothing else of the document is different.
func TestWrittenNamesAreNoSyntax(t *testing.T) {
	for _, w := range writers() {
		t.Run(w.name, func(t *testing.T) {
			written := 0
			for _, name := range hostile.Texts() {
				if w.check(t, name) {
					written++
				}
			}
			if written < 3 {
				t.Errorf("only %d names are not refused", written)
			}
		})
	}
}

func FuzzWrittenNames(f *testing.F) {
	for _, name := range []string{"plain", "\"]\n#%{<&\\", "\x1b\u202e\xff"} {
		f.Add(name)
	}
	f.Fuzz(func(t *testing.T, name string) {
		for _, w := range writers() {
			w.check(t, name)
		}
	})
}

// check writes a name, and says whether it was not refused.
func (w writer) check(t *testing.T, name string) bool {
	t.Helper()
	if strings.Contains(placeholder, name) {
		return false
	}
	plain, err := w.write(t, placeholder)
	if err != nil {
		t.Fatalf("%s: %v", w.name, err)
	}
	want, err := w.read(plain)
	if err != nil {
		t.Fatalf("%s: %v\n%s", w.name, err, plain)
	}
	document, err := w.write(t, name)
	if err != nil {
		return false
	}
	got, err := w.read(document)
	if err != nil {
		t.Errorf("%s: %q makes it unreadable: %v\n%s", w.name, name, err, document)
		return true
	}
	shown := name
	if w.shown != nil {
		shown = w.shown(name)
	}
	if diff := cmp.Diff(replaced(want, shown), got); diff != "" {
		t.Errorf("%s: %q makes it something else (-want +got):\n%s", w.name, name, diff)
	}
	return true
}

// replaced has a text wherever the placeholder was.
func replaced(v any, text string) any {
	switch v := v.(type) {
	case string:
		return strings.ReplaceAll(v, placeholder, text)
	case []any:
		out := make([]any, len(v))
		for i := range v {
			out[i] = replaced(v[i], text)
		}
		return out
	case map[string]any:
		out := map[string]any{}
		for _, key := range slices.Sorted(maps.Keys(v)) {
			out[strings.ReplaceAll(key, placeholder, text)] = replaced(v[key], text)
		}
		return out
	}
	return v
}
