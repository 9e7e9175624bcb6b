package cluster

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"

	"github.com/deployfile/deployfile/internal/terminal"
	"go.yaml.in/yaml/v3"
)

// parseYAML returns the only document of a text, nil for an empty text, or an error
// and its line, 0 if that is unknown.
func parseYAML(text string) (root *yaml.Node, line int, err error) {
	decoder := yaml.NewDecoder(strings.NewReader(text))
	var document, second yaml.Node
	err = decoder.Decode(&document)
	if errors.Is(err, io.EOF) {
		return nil, 0, nil
	}
	if err != nil {
		_, err := yamlError(err)
		return nil, lineOfSyntax(text), err
	}
	if err := decoder.Decode(&second); !errors.Is(err, io.EOF) {
		return nil, second.Line, errors.New("it has more than one document")
	}
	if line := manyKeys(&document); line > 0 {
		return nil, line, fmt.Errorf("it has more than %d keys in one object", maxKeys)
	}
	// Only this finds a key that is there twice.
	var values any
	if err := document.Decode(&values); err != nil {
		line, err := yamlError(err)
		return nil, line, err
	}
	if len(document.Content) == 0 || document.Content[0].Tag == "!!null" {
		return nil, 0, nil
	}
	return document.Content[0], 0, nil
}

// maxKeys is how many keys one object of a patch may have: to find one that is
// there twice, the YAML library compares each with all others.
const maxKeys = 1000

// manyKeys returns the line of a mapping with more than maxKeys keys, 0 if there is
// none.
func manyKeys(n *yaml.Node) int {
	if n.Kind == yaml.MappingNode && len(n.Content) > 2*maxKeys {
		return n.Line
	}
	for _, c := range n.Content {
		if line := manyKeys(c); line > 0 {
			return line
		}
	}
	return 0
}

// yamlError takes the line out of an error of the YAML library.
func yamlError(err error) (line int, plain error) {
	message := err.Error()
	var types *yaml.TypeError
	if errors.As(err, &types) && len(types.Errors) > 0 {
		message = types.Errors[0]
	}
	message = strings.TrimPrefix(message, "yaml: ")
	if parts := regexp.MustCompile(`^line ([0-9]+): (?s:(.*))$`).FindStringSubmatch(message); parts != nil {
		line, _ = strconv.Atoi(parts[1])
		message = parts[2]
	}
	// It counts from the start of the patch, not of the file.
	message = regexp.MustCompile(` at line [0-9]+`).ReplaceAllString(message, "")
	return line, errors.New(terminal.Line(message))
}

// lineOfSyntax returns the line at which a text stops being YAML or JSON, 0 where
// that takes too long to find out. The YAML library often names the line where
// the value around the error starts, or the one before the error.
func lineOfSyntax(text string) int {
	if regexp.MustCompile(`^\s*(\[\s*)?\{\s*"`).MatchString(text) {
		var syntax *json.SyntaxError
		if err := json.Unmarshal([]byte(text), new(any)); errors.As(err, &syntax) {
			at := max(0, min(int(syntax.Offset)-1, len(text)))
			return 1 + strings.Count(text[:at], "\n")
		}
		return 0
	}
	const limit = 4 << 20
	lines := strings.SplitAfter(text, "\n")
	if len(lines)*len(text) > limit {
		return 0
	}
	for n := len(lines) - 1; n > 0; n-- {
		if yaml.Unmarshal([]byte(strings.Join(lines[:n], "")), new(yaml.Node)) == nil {
			return n + 1
		}
	}
	return 1
}
