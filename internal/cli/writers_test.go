package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/BurntSushi/toml"
	"github.com/deployfile/deployfile/deployfile"
	"github.com/deployfile/deployfile/internal/sbom"
	"github.com/deployfile/deployfile/internal/terminal"
	"github.com/deployfile/deployfile/internal/testing/hostile"
	"github.com/deployfile/deployfile/llb"
	"github.com/deployfile/deployfile/manifests"
	"github.com/deployfile/deployfile/manifests/cluster"
	"github.com/deployfile/deployfile/manifests/containerd"
	"github.com/deployfile/deployfile/manifests/docker"
	"github.com/deployfile/deployfile/manifests/kinds"
	"github.com/deployfile/deployfile/manifests/kserve"
	"github.com/deployfile/deployfile/manifests/kubernetes"
	"github.com/deployfile/deployfile/mlmodel"
	"github.com/deployfile/deployfile/report"
	"github.com/deployfile/deployfile/resolver"
	"github.com/deployfile/deployfile/toolchain"
	"github.com/google/go-cmp/cmp"
	dockerspec "github.com/moby/docker-image-spec/specs-go/v1"
	"go.yaml.in/yaml/v3"
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

// writers are all of them.
func writers() []writer {
	all := []writer{
		{"init's Deployfile of hostile flavors and versions", initOfModel, readFirstDeployfile, nil},
		{"init's Deployfile of hostile file names", initOfFiles, readFirstDeployfile, nil},
		{"lock", writeLock, readTOML, nil},
		{"plan --graph dot", writeGraph(graphDot), readDot, terminal.Line},
		{"plan --graph mermaid", writeGraph(graphMermaid), readMermaid, terminal.Line},
		{"plan and labels", writePlan, readJSON, valid},
		{"CycloneDX", writeSBOM(sbom.CycloneDX), readSBOM, valid},
		{"SPDX", writeSBOM(sbom.SPDX), readSBOM, valid},
		{"JSON of a state", writeFilled[manifests.State], readJSON, valid},
		{"check --json", writeFilled[[]report.Finding], readJSON, valid},
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

// valid is what JSON has of a name: each byte that is not UTF-8 is U+FFFD.
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

// initIn runs init in a folder with files.
func initIn(t *testing.T, source string, files map[string]string) ([]byte, error) {
	t.Helper()
	dir, err := os.MkdirTemp(t.TempDir(), "")
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range files {
		file := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			return nil, err // no name of a file
		}
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			return nil, err
		}
	}
	s := streams{out: io.Discard, text: terminal.NewWriter(io.Discard), err: terminal.NewWriter(io.Discard)}
	file := filepath.Join(dir, "Deployfile")
	if err := initialise(context.Background(), s, filepath.Join(dir, source), initOptions{file: file}); err != nil {
		return nil, err
	}
	data, err := os.ReadFile(file)
	return bytes.ReplaceAll(data, []byte(deployfile.ModelName(filepath.Base(dir))), []byte("folder")), err
}

func quoted(text string) string {
	data, err := json.Marshal(text)
	if err != nil {
		panic(err)
	}
	return string(data)
}

func initOfModel(t *testing.T, name string) ([]byte, error) {
	if name != valid(name) {
		return nil, errors.New("YAML has no such text")
	}
	return initIn(t, "model", map[string]string{
		"model/MLmodel": fmt.Sprintf("flavors:\n  python_function:\n    loader_module: x\n  %s: {}\nmlflow_version: %s\n", quoted(name), quoted(name)),
	})
}

func initOfFiles(t *testing.T, name string) ([]byte, error) {
	if strings.Contains(name, "/") || name == "" || name != filepath.Clean(name) {
		return nil, errors.New("no name of a folder")
	}
	return initIn(t, name, map[string]string{
		name + "/MLmodel": "flavors:\n  python_function:\n    loader_module: x\nmlflow_version: 3.1.0\n",
	})
}

// readFirstDeployfile gives the keys, and what the comments say.
func readFirstDeployfile(data []byte) (any, error) {
	if _, _, err := deployfile.Parse("Deployfile", data, kinds.All()); err != nil {
		return nil, err
	}
	keys, err := readTOML(data)
	if err != nil {
		return nil, err
	}
	fact := regexp.MustCompile(`^#   (.{14}) (.*)$`)
	var lines []any
	for line := range strings.SplitSeq(string(data), "\n") {
		key, _, _ := strings.Cut(line, "=")
		m := fact.FindStringSubmatch(line)
		if m == nil {
			lines = append(lines, key)
			continue
		}
		if text, err := strconv.Unquote(m[2]); err == nil {
			m[2] = text
		}
		list := []any{m[1]}
		for _, part := range slices.DeleteFunc(strings.Split(m[2], ", "), func(s string) bool { return s == "python_function" }) {
			list = append(list, part)
		}
		lines = append(lines, list)
	}
	return map[string]any{"keys": keys, "lines": lines}, nil
}

func readTOML(data []byte) (any, error) {
	var out map[string]any
	if _, err := toml.Decode(string(data), &out); err != nil {
		return nil, err
	}
	// Its lists of tables are of another type than its lists.
	data, err := json.Marshal(out)
	if err != nil {
		return nil, err
	}
	return readJSON(data)
}

func readJSON(data []byte) (any, error) {
	var out any
	return out, json.Unmarshal(data, &out)
}

func readYAML(data []byte) (any, error) {
	decoder := yaml.NewDecoder(bytes.NewReader(data))
	var all []any
	for {
		var out any
		if err := decoder.Decode(&out); errors.Is(err, io.EOF) {
			return all, nil
		} else if err != nil {
			return nil, err
		}
		all = append(all, out)
	}
}

// readKubernetes undoes the cluster's own escape of $ in values of the environment.
func readKubernetes(data []byte) (any, error) {
	objects, err := readYAML(data)
	if err != nil {
		return nil, err
	}
	eachObject(objects, func(o map[string]any) {
		value, isText := o["value"].(string)
		if _, named := o["name"]; named && isText {
			o["value"] = strings.ReplaceAll(value, "$$", "$")
		}
	})
	return objects, nil
}

// eachObject calls f with every object of a decoded document, the outer ones first.
func eachObject(v any, f func(map[string]any)) {
	switch v := v.(type) {
	case map[string]any:
		f(v)
		for _, inner := range v {
			eachObject(inner, f)
		}
	case []any:
		for _, inner := range v {
			eachObject(inner, f)
		}
	}
}

func writeFilled[T any](_ *testing.T, name string) ([]byte, error) {
	var v T
	hostile.Fill(&v, name)
	var b bytes.Buffer
	err := writeJSON(&b, v)
	return b.Bytes(), err
}

// planOf is a plan with the name wherever a model, a lock or a Deployfile has one.
func planOf(name string) *llb.Plan {
	p := &llb.Plan{
		Platform: "linux/amd64", Base: resolver.Image{Ref: name}, Toolchain: resolver.Image{Ref: name},
		Layers: []llb.WheelLayer{{Name: name, Wheels: []llb.Wheel{{Name: name, Version: name}}}},
		Code:   []string{name},
		Model:  llb.ModelPlan{Dir: name, Large: []string{name, name + "%"}, ServingInput: name},
		Config: llb.ConfigPlan{Created: "2026-01-01T00:00:00Z", Env: []string{name}, Labels: map[string]string{"name": name}},
	}
	p.SystemPackages = []resolver.SystemPackage{{Name: name}}
	p.Server.Kind = name
	return p
}

func writePlan(_ *testing.T, name string) ([]byte, error) {
	made, err := llb.NewPlan(llb.Sources{
		File:  &deployfile.File{Model: deployfile.Model{Name: name, Version: name, Source: name}},
		Model: &mlmodel.Model{Flavors: []string{name}, ModelID: name, RunID: name, MLflowVersion: name, ServingInput: name},
		Lock: &resolver.Lock{
			Base: resolver.Image{Ref: "context:" + name}, Toolchain: resolver.Image{PythonVersion: "3.11"},
			Platforms: []resolver.Platform{{Name: "linux/amd64"}}, Model: []resolver.ModelFile{{Path: name, Size: 4 << 20}},
		},
		Pylock: &resolver.Pylock{}, Platform: "linux/amd64", Source: name, Revision: name,
	})
	if err != nil {
		return nil, err
	}
	config, err := made.ImageConfig(baseOfNothing())
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	err = writeJSON(&b, []any{planOf(name), made, config})
	return b.Bytes(), err
}

func writeGraph(language string) func(*testing.T, string) ([]byte, error) {
	return func(_ *testing.T, name string) ([]byte, error) { return drawPlan(planOf(name), language), nil }
}

// readDot reads the part of Graphviz's language that is written: a statement a
// line, of which only labels hold what others wrote.
func readDot(data []byte) (any, error) {
	node := regexp.MustCompile(`^  n\d+ \[label="((?:[^"\\]|\\["\\n])*)"\];$`)
	edge := regexp.MustCompile(`^(  n\d+ -> n\d+( \[style=dashed\])?;|digraph plan \{|  rankdir=LR;|  node \[shape=box\];|\}|)$`)
	entity := regexp.MustCompile(`&[^;]*;?`)
	var out []any
	for line := range strings.SplitSeq(string(data), "\n") {
		m := node.FindStringSubmatch(line)
		switch {
		case m == nil && edge.MatchString(line):
			out = append(out, line)
			continue
		case m == nil, !utf8.ValidString(line), strings.ContainsRune(line, 0):
			return nil, fmt.Errorf("%q is no statement", line)
		}
		for _, e := range entity.FindAllString(m[1], -1) {
			if e != "&amp;" {
				return nil, fmt.Errorf("%q is an entity", e)
			}
		}
		var lines []any
		for part := range strings.SplitSeq(strings.ReplaceAll(m[1], `\\`, "\x00"), `\n`) {
			lines = append(lines, strings.NewReplacer("\x00", `\`, `\"`, `"`, "&amp;", "&").Replace(part))
		}
		out = append(out, lines)
	}
	return out, nil
}

// readMermaid reads the part of Mermaid's language that is written, and refuses
// what Mermaid takes for something before it looks at quotes.
func readMermaid(data []byte) (any, error) {
	node := regexp.MustCompile(`^  n\d+\["([^"]*)"\]$`)
	edge := regexp.MustCompile(`^(  n\d+ (-->|-\.->) n\d+|flowchart LR|)$`)
	entity := regexp.MustCompile(`#(\d+);`)
	var out []any
	for line := range strings.SplitSeq(string(data), "\n") {
		m := node.FindStringSubmatch(line)
		switch {
		case m == nil && edge.MatchString(line):
			out = append(out, line)
			continue
		case m == nil:
			return nil, fmt.Errorf("%q is no statement", line)
		}
		var lines []any
		for part := range strings.SplitSeq(m[1], "<br>") {
			if rest := entity.ReplaceAllString(part, ""); strings.ContainsAny(rest, "#;%&<>`:\"\\{}ﬂ¶") || terminal.Obeys(rest) {
				return nil, fmt.Errorf("%q means something to Mermaid", part)
			}
			lines = append(lines, entity.ReplaceAllStringFunc(part, func(e string) string {
				n, _ := strconv.Atoi(strings.Trim(e, "#;"))
				return string(rune(n))
			}))
		}
		out = append(out, lines)
	}
	return out, nil
}

func writeLock(_ *testing.T, name string) ([]byte, error) {
	if !utf8.ValidString(name) {
		return nil, errors.New("what is locked was read as UTF-8")
	}
	var l resolver.Lock
	hostile.Fill(&l, name)
	return l.Encode()
}

func writeSBOM(write func(sbom.Input) ([]byte, error)) func(*testing.T, string) ([]byte, error) {
	return func(_ *testing.T, name string) ([]byte, error) {
		p := planOf(name)
		p.Layers[0].Wheels[0] = llb.Wheel{Name: "numpy", Version: "1", Download: toolchain.Download{Filename: name}}
		p.Model.Files = []resolver.ModelFile{{Path: name}}
		return write(sbom.Input{
			Plan: p, Name: name, Version: name, ToolVersion: name,
			Model:    &mlmodel.Model{Flavors: []string{name}, RunID: name, ModelID: name, UUID: name, MLflowVersion: name, Loader: name, Python: name},
			Licenses: map[string]sbom.License{"numpy": {Text: name}},
		})
	}
}

// readSBOM leaves out what is computed from the contents: hashes in identifiers,
// and package URLs, which have an encoding of their own. The lines of SPDX's comment
// are a list.
func readSBOM(data []byte) (any, error) {
	bill, err := readJSON(data)
	if err != nil {
		return nil, err
	}
	eachObject(bill, func(o map[string]any) {
		for _, key := range []string{
			"serialNumber", "documentNamespace", "SPDXID", "spdxElementId", "relatedSpdxElement", "licenseDeclared", "licenseId",
			"purl", "externalRefs", "bom-ref", "dependsOn", "ref",
		} {
			delete(o, key)
		}
		for _, key := range []string{"comment", "summary"} {
			text, there := o[key]
			if !there {
				continue
			}
			var lines []any
			for line := range strings.SplitSeq(text.(string), "\n") {
				name, _, _ := strings.Cut(line, "=")
				lines = append(lines, name)
			}
			o[key] = lines
		}
	})
	return bill, nil
}

func writeManifests(kind deployfile.Kind) func(*testing.T, string) ([]byte, error) {
	return func(t *testing.T, name string) ([]byte, error) {
		target := deployfile.Target{Name: "prod", Kind: kind.Name, Endpoint: "iris", Port: 8080, Image: "registry.example.com/iris", Spec: kind.New()}
		switch s := target.Spec.(type) {
		case *docker.Spec:
			s.Env = map[string]string{"NAME": name}
		case *containerd.Spec:
			s.Env = map[string]string{"NAME": name}
		case *kubernetes.Spec:
			s.Env, s.Namespace = map[string]string{"NAME": name}, "models"
		case *kserve.Spec:
			s.Env, s.Namespace = map[string]string{"NAME": name}, "models"
		}
		target.Complete()
		release := manifests.Release{
			Model: "iris", Version: "3",
			Target: target,
			Image:  "registry.example.com/iris@sha256:" + strings.Repeat("0", 64), Port: 8080, User: "65532:65532",
			LockDigest: name, FileDigest: name,
		}
		documents, err := manifests.Render(manifests.Deployed(nil, release))
		if err != nil {
			return nil, err
		}
		return stream(documents), nil
	}
}

func baseOfNothing() dockerspec.DockerOCIImage { return dockerspec.DockerOCIImage{} }
