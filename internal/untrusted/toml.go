package untrusted

import (
	"bytes"
	"fmt"
)

// TOMLLimits limits the structure of a TOML document, whose library nests
// without limit and keeps the whole path of every key. 0 means no limit.
type TOMLLimits struct {
	// Depth limits the nesting of arrays, inline tables and the parts of dotted
	// keys in one statement: a table header, or a key with its value.
	Depth int
	// Statement limits the dots and opening brackets of one statement.
	Statement int
	// Marks limits the dots and opening brackets of the document, Values its equal
	// signs and commas.
	Marks, Values int
}

// Measure names what a limit counts.
type Measure string

// The measures of TOML and YAML.
const (
	Depth     Measure = "levels"
	Statement Measure = "brackets and dots in one statement"
	Marks     Measure = "brackets and dots"
	Values    Measure = "keys and values"
	Nodes     Measure = "keys, values and brackets"
)

// StructureError reports a document with more structure than its limit.
type StructureError struct {
	// Offset is where the document exceeds the limit, in bytes.
	Offset int
	// Measure is what exceeds the limit, Limit the limit.
	Measure Measure
	Limit   int
}

// Error names the limit; the reader of the document names the file.
func (e *StructureError) Error() string {
	return fmt.Sprintf("it has more than %d %s", e.Limit, e.Measure)
}

// CheckTOML counts structure outside strings and comments, in one pass, and
// returns a *StructureError for the first excess. It is exact for documents
// that the TOML library accepts; for others it may be wrong only after the
// point where the library stops.
func CheckTOML(data []byte, limits TOMLLimits) error {
	var (
		statement, marks, values int
		// dots counts the dots of the current key at each level of brackets; level 0
		// is outside all of them.
		dots  = []int{0}
		depth int
	)
	excess := func(at int, m Measure, count, limit int) error {
		if limit > 0 && count > limit {
			return &StructureError{Offset: at, Measure: m, Limit: limit}
		}
		return nil
	}
	for at := 0; at < len(data); at++ {
		top := len(dots) - 1
		switch data[at] {
		case '#':
			if end := bytes.IndexByte(data[at:], '\n'); end >= 0 {
				at += end - 1 // the line end counts
			} else {
				at = len(data)
			}
		case '"', '\'':
			at = TOMLStringEnd(data, at) - 1
		case '\n':
			if top == 0 {
				statement, depth, dots[0] = 0, 0, 0
			}
		case ',', '=':
			// A key ends, or the next one begins.
			if data[at] == ',' {
				depth -= dots[top]
				dots[top] = 0
			}
			values++
			if err := excess(at, Values, values, limits.Values); err != nil {
				return err
			}
		case ']', '}':
			if top > 0 {
				depth -= dots[top] + 1
				dots = dots[:top]
			}
		case '.', '[', '{':
			if data[at] == '.' {
				dots[top]++
			} else {
				dots = append(dots, 0)
			}
			depth, statement, marks = depth+1, statement+1, marks+1
			for _, x := range []struct {
				measure      Measure
				count, limit int
			}{{Marks, marks, limits.Marks}, {Statement, statement, limits.Statement}, {Depth, depth, limits.Depth}} {
				if err := excess(at, x.measure, x.count, x.limit); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// TOMLStringEnd returns the end of the string that starts at an offset, of any
// of TOML's four kinds: after its closing quotes, or the end of the data.
func TOMLStringEnd(data []byte, start int) int {
	quote := data[start]
	long := start+2 < len(data) && data[start+1] == quote && data[start+2] == quote
	at := start + 1
	if long {
		at = start + 3
	}
	for ; at < len(data); at++ {
		switch {
		case quote == '"' && data[at] == '\\':
			at++
		case data[at] != quote:
		case !long:
			return at + 1
		case at+2 < len(data) && data[at+1] == quote && data[at+2] == quote:
			at += 3
			// A multi-line string may end in up to two quotes of its own.
			for i := 0; i < 2 && at < len(data) && data[at] == quote; i++ {
				at++
			}
			return at
		}
	}
	return len(data)
}
