package cli

import (
	"bytes"
	"fmt"
	"net/url"
	"strings"
	"testing"

	"github.com/deployfile/deployfile/internal/eject"
	"github.com/deployfile/deployfile/internal/pins"
	"github.com/deployfile/deployfile/internal/sizes"
	"github.com/deployfile/deployfile/llb"
	"github.com/deployfile/deployfile/report"
	"github.com/deployfile/deployfile/resolver"
	"github.com/deployfile/deployfile/toolchain"
	"github.com/moby/buildkit/frontend/dockerfile/instructions"
	"github.com/moby/buildkit/frontend/dockerfile/parser"
	"github.com/moby/buildkit/frontend/dockerfile/shell"
	"golang.org/x/net/html"
)

var zeros = strings.Repeat("0", 64)

func pinnedFile(name string) toolchain.Download {
	return toolchain.Download{Filename: "x", URL: "https://files.example.com/" + url.PathEscape(name) + "/x", SHA256: zeros}
}

// writeDockerfile writes a Dockerfile with the name in the variables, the labels and
// the addresses.
func writeDockerfile(_ *testing.T, name string) ([]byte, error) {
	python := resolver.Image{Ref: "python:3.11", Digest: "sha256:" + zeros, Python: "/usr/bin/python3.11", PythonVersion: "3.11"}
	p := &llb.Plan{
		Platform: "linux/amd64", Base: python, Toolchain: python, Code: []string{name},
		Model:  llb.ModelPlan{Dir: name, Large: []string{name}},
		Config: llb.ConfigPlan{Env: []string{"A=" + name, "B=" + name}, User: "1:1", WorkingDir: "/opt/model", Labels: map[string]string{"a": name, "b": name}},
		Server: llb.ServerPlan{Kind: "command", Command: []string{name}},
	}
	p.SystemPackages = []resolver.SystemPackage{{Name: name, Version: name, Download: pinnedFile(name)}}
	files, err := eject.Files(eject.Input{
		Plans: []*llb.Plan{p}, BaseEnv: []string{name}, UV: []resolver.PlatformFile{{Platform: "linux/amd64", Download: pinnedFile(name)}},
	})
	return files["Dockerfile"], err
}

// readDockerfile reads it as BuildKit does, and gives the words of each instruction
// as they are expanded.
func readDockerfile(data []byte) (any, error) {
	parsed, err := parser.Parse(bytes.NewReader(data))
	if err != nil {
		return nil, err
	}
	stages, _, err := instructions.Parse(parsed.AST, nil)
	if err != nil {
		return nil, err
	}
	lex := shell.NewLex('\\')
	expand := func(word string) (string, error) {
		r, err := lex.ProcessWordWithMatches(word, shell.EnvsFromSlice(nil))
		return r.Result, err
	}
	var out []any
	for _, stage := range stages {
		out = append(out, stage.BaseName, stage.Name)
		for _, command := range stage.Commands {
			if c, ok := command.(instructions.SupportsSingleWordExpansion); ok {
				if err := c.Expand(expand); err != nil {
					return nil, err
				}
			}
			switch c := command.(type) {
			case *instructions.EnvCommand:
				out = append(out, "ENV", pairsOf(c.Env))
			case *instructions.LabelCommand:
				out = append(out, "LABEL", pairsOf(c.Labels))
			case *instructions.AddCommand:
				address, err := url.PathUnescape(c.SourcePaths[0])
				if err != nil {
					return nil, err
				}
				out = append(out, "ADD", address, c.DestPath)
			default:
				out = append(out, fmt.Sprint(command))
			}
		}
	}
	return out, nil
}

func pairsOf(list instructions.KeyValuePairs) []any {
	var out []any
	for _, p := range list {
		out = append(out, p.Key, p.Value)
	}
	return out
}

func writePins(_ *testing.T, name string) ([]byte, error) {
	return pins.Requirements([]pins.Wheel{
		{Name: "a", Version: "1", SHA256: zeros, URL: pinnedFile(name).URL}, {Name: "b", Version: "1", SHA256: zeros},
	}, []resolver.Index{{Name: name, URL: "https://packages.example.com/" + url.PathEscape(name) + "/simple"}}, []string{pinnedFile(name).URL})
}

// readPins gives the words of each line, with addresses as a server reads them.
func readPins(data []byte) (any, error) {
	var out []any
	for line := range strings.Lines(string(data)) {
		for word := range strings.SplitSeq(strings.TrimSuffix(line, "\n"), " ") {
			text, err := url.PathUnescape(word)
			if err != nil {
				return nil, err
			}
			out = append(out, text)
		}
	}
	return out, nil
}

func writePage(_ *testing.T, name string) ([]byte, error) {
	part := report.Part{Kind: "requirement", Name: name, Version: name, Installed: 30, Parts: []report.Part{
		{Kind: "package", Name: name, Version: name, Installed: 10}, {Kind: "package", Name: name, Version: name, Installed: 5},
	}}
	return sizes.Page(name, []report.Sizes{{
		Platform: name, Parts: []report.Part{part, {Kind: "base", Name: name, Installed: 20}, {Kind: "model", Name: name, Installed: 20}},
		Layers: []report.LayerSize{{Name: name, Packages: []string{name}}}, Unknown: []string{name},
	}}, &sizes.Changes{From: name, List: []sizes.Change{{Kind: name, Name: name, Was: name, Is: name}}}), nil
}

// readHTML gives the attributes and the text of each element.
func readHTML(data []byte) (any, error) {
	root, err := html.Parse(bytes.NewReader(data))
	if err != nil {
		return nil, err
	}
	var out []any
	for n := range root.Descendants() {
		if n.Type != html.ElementNode {
			continue
		}
		text := ""
		for c := range n.ChildNodes() {
			if c.Type == html.TextNode {
				text += c.Data
			}
		}
		out = append(out, n.Data, text)
		for _, a := range n.Attr {
			out = append(out, a.Key, a.Val)
		}
	}
	return out, nil
}
