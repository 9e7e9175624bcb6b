package mlmodel

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/deployfile/deployfile/internal/untrusted"
	"go.yaml.in/yaml/v3"
)

var yamlLine = regexp.MustCompile(`^yaml: (?:line (\d+): )?`)

// document is a YAML file whose top level is a mapping. It keeps nodes instead
// of Go values, for their lines and because "python: 3.10" must not become a
// number.
type document struct {
	file  string
	lines []string
	top   *yaml.Node
	// wide reports that the file is UTF-16 or UTF-32.
	wide bool
}

func readDocument(fsys fs.FS, file string) (*document, error) {
	data, err := untrusted.ReadFile(fsys, file, maxYAML)
	if err != nil {
		return nil, readError(file, err, true)
	}
	return parseDocument(file, data)
}

// Limits for a YAML file of a model: its size in bytes, its depth and its
// number of values. The signature of a table with 50 000 columns needs half of
// that.
const (
	maxYAML  = 8 << 20
	maxNodes = 500_000
)

func parseDocument(file string, raw []byte) (*document, error) {
	data, err := decode(file, raw, again(file))
	if err != nil {
		return nil, err
	}
	d := &document{file: file, lines: strings.Split(string(data), "\n"), wide: len(raw) > 0 && !utf8.Valid(raw)}
	var excess *untrusted.StructureError
	if errors.As(untrusted.CheckYAML(data, maxNodes), &excess) {
		return nil, d.fault(1+bytes.Count(data[:excess.Offset], []byte("\n")), fmt.Sprintf("the file has more than %d %s", excess.Limit, excess.Measure), d.tooMuch())
	}
	var n yaml.Node
	if err := yaml.Unmarshal(data, &n); err != nil {
		number := 1
		if m := yamlLine.FindStringSubmatch(err.Error()); m != nil {
			if v, convErr := strconv.Atoi(m[1]); convErr == nil {
				number = v
			}
		}
		return nil, d.fault(number, "this is not YAML: "+yamlLine.ReplaceAllString(err.Error(), ""), "")
	}
	if n.Kind != yaml.DocumentNode || len(n.Content) != 1 {
		return nil, d.fault(1, "the file is empty", "")
	}
	d.top = follow(n.Content[0])
	if d.top.Kind != yaml.MappingNode {
		return nil, d.fault(d.top.Line, "the file must be a YAML mapping of keys to values", "")
	}
	return d, nil
}

// fault returns an error at a line of the document. Without a hint it says how to do
// without the file, or where to get a whole one.
func (d *document) fault(number int, message, hint string) *SourceError {
	number = max(1, min(number, len(d.lines)))
	if hint == "" {
		hint = again(d.file)
	}
	return newSourceError(d.file, number, d.lines[number-1], message, hint)
}

// again says what to do about a file of a model that is broken. Nobody can change it.
func again(file string) string {
	if path.Base(file) != modelFile {
		return leaveOut(file)
	}
	return "the file is not as MLflow writes it: get the model from where it was logged, for example with mlflow artifacts download, and name that directory in source of [model]"
}

// tooMuch says what to do about a file with too many values.
func (d *document) tooMuch() string {
	if path.Base(d.file) != modelFile {
		return ""
	}
	return "MLmodel grows with the signature and the metadata that log_model is given; a model that was logged with less of them can be built"
}

// follow resolves an alias.
func follow(n *yaml.Node) *yaml.Node {
	if n != nil && n.Kind == yaml.AliasNode {
		return n.Alias
	}
	return n
}

func isNull(n *yaml.Node) bool {
	return n == nil || n.Kind == yaml.ScalarNode && n.Tag == "!!null"
}

// get returns the value of a key; nil if the key is missing or null. The last
// of equal keys wins, as in Python.
func get(mapping *yaml.Node, key string) *yaml.Node {
	mapping = follow(mapping)
	if mapping == nil || mapping.Kind != yaml.MappingNode {
		return nil
	}
	for i := len(mapping.Content) - 2; i >= 0; i -= 2 {
		if mapping.Content[i].Value == key && mapping.Content[i].Kind == yaml.ScalarNode {
			if value := follow(mapping.Content[i+1]); !isNull(value) {
				return value
			}
			return nil
		}
	}
	return nil
}

// text returns the text of a key as written, so that numbers keep their zeros;
// "" if the key is missing.
func (d *document) text(mapping *yaml.Node, key string) (string, error) {
	n := get(mapping, key)
	if n == nil {
		return "", nil
	}
	if n.Kind != yaml.ScalarNode {
		return "", d.fault(n.Line, key+" must be a string", "")
	}
	return n.Value, nil
}

// mapping returns a key's mapping; nil if the key is missing.
func (d *document) mapping(parent *yaml.Node, key string) (*yaml.Node, error) {
	n := get(parent, key)
	if n != nil && n.Kind != yaml.MappingNode {
		return nil, d.fault(n.Line, key+" must be a mapping of keys to values", "")
	}
	return n, nil
}

// list returns the elements of a key's list; nil if the key is missing.
func (d *document) list(parent *yaml.Node, key string) ([]*yaml.Node, error) {
	n := get(parent, key)
	if n == nil {
		return nil, nil
	}
	if n.Kind != yaml.SequenceNode {
		return nil, d.fault(n.Line, key+" must be a list", "")
	}
	items := make([]*yaml.Node, len(n.Content))
	for i, c := range n.Content {
		items[i] = follow(c)
	}
	return items, nil
}

// json returns a node as compact JSON, keys sorted.
func (d *document) json(n *yaml.Node) (json.RawMessage, error) {
	v := valuer{doc: d, left: maxNodes}
	value, err := v.value(n, 0)
	if err != nil {
		return nil, err
	}
	return encode(value)
}

// encode marshals without escaping HTML, which is of no use here.
func encode(v any) (json.RawMessage, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimSpace(b.Bytes()), nil
}
