package cli

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/BurntSushi/toml"
	"github.com/deployfile/deployfile/deployfile"
	"github.com/deployfile/deployfile/internal/terminal"
	"github.com/deployfile/deployfile/manifests/kinds"
	"go.yaml.in/yaml/v3"
)

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

// readDot reads the part of Graphviz's language that is written: a statement a
// line, of which only labels hold what others wrote.
func readDot(data []byte) (any, error) {
	node := regexp.MustCompile(`^  n\d+ \[label="((?:[^"\\]|\\["\\n])*)"\];$`)
	edge := regexp.MustCompile(`^(  n\d+ -> n\d+( \[style=dashed, lhead=cluster_wheels\])?;|digraph plan \{|  rankdir=LR;|  compound=true;|  node \[shape=box\];|  subgraph cluster_wheels \{|  label=wheels;|  \}|\}|)$`)
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
	edge := regexp.MustCompile(`^(  n\d+ --> n\d+|  n\d+ -\.-> wheels|  subgraph wheels|  end|flowchart LR|)$`)
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
