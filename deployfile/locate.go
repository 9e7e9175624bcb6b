package deployfile

import (
	"bytes"
	"strconv"
	"strings"
)

// index finds the range of a key path in the text that a File came from.
type index struct {
	text text
	root *node
}

// find returns the node of the path, or of its nearest ancestor in the text, and
// whether it is the path's own.
func (x index) find(path []string) (*node, bool) {
	n := x.root
	for _, part := range path {
		var next *node
		if i, err := strconv.Atoi(part); err == nil && len(n.items) > 0 {
			if i >= 0 && i < len(n.items) {
				next = n.items[i]
			}
		} else {
			next = n.table[part]
		}
		if next == nil {
			return n, false
		}
		n = next
	}
	return n, true
}

func (x index) has(path []string) bool {
	_, found := x.find(path)
	return found
}

func (x index) value(path []string) Range {
	n, _ := x.find(path)
	return x.text.rangeOf(n.value)
}

func (x index) key(path []string) Range {
	n, _ := x.find(path)
	if n.key == (span{}) {
		return x.text.rangeOf(n.value)
	}
	return x.text.rangeOf(n.key)
}

// raw returns the value of a path in the text as it is written.
func (x index) raw(path []string) string {
	n, _ := x.find(path)
	return string(x.text.data[n.value.start:n.value.end])
}

// lineOf returns where a line, from 1, of a long string stands in the text. Where
// that cannot be told it is the whole value.
func (x index) lineOf(path []string, line int) Range {
	whole, raw := x.value(path), x.raw(path)
	if line < 1 || len(raw) < 6 || raw[:3] != `"""` && raw[:3] != `'''` || raw[0] == '"' && strings.Contains(raw, `\`) {
		return whole
	}
	number := whole.Start.Line + line - 1
	if rest := strings.TrimPrefix(raw[3:], "\r"); strings.HasPrefix(rest, "\n") {
		// The value starts after the line end.
		number++
	}
	if number > whole.End.Line {
		return whole
	}
	content := x.text.line(number)
	start := x.text.lines[number-1]
	n, _ := x.find(path)
	return x.text.rangeOf(span{
		max(start+len(content)-len(bytes.TrimLeft(content, " \t")), n.value.start),
		min(start+len(content), n.value.end),
	})
}

// Position returns where the value of a key is written, so that later stages
// can point at it: f.Position("model", "source"), or with the number of an
// item, from 0, f.Position("environment", "requirements", "1"). For a table it
// is the header. For a path that the text does not have, such as a key left to
// its default, it is the nearest table around it, or else the empty range at the
// start of the text, and false.
func (f *File) Position(path ...string) (Range, bool) {
	if f.index == nil {
		return Range{Start: Position{1, 1}, End: Position{1, 1}}, false
	}
	_, found := f.index.find(path)
	return f.index.value(path), found
}

// KeyPosition is like Position, but returns where the key is written.
func (f *File) KeyPosition(path ...string) (Range, bool) {
	if f.index == nil {
		return f.Position()
	}
	_, found := f.index.find(path)
	return f.index.key(path), found
}
