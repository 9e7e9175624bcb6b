package untrusted

import (
	"bytes"
	"fmt"
)

// TOMLLimits bound the structure of a TOML text, whose library nests without end
// and keeps the whole path of every key. A limit of 0 is none.
type TOMLLimits struct {
	// Depth is how deep arrays, inline tables and the parts of dotted keys nest in
	// one statement, that is a table's header, or a key and its value.
	Depth int
	// Statement is how many dots and opening brackets one statement has.
	Statement int
	// Marks is how many dots and opening brackets the text has, Values how many
	// equals signs and commas.
	Marks, Values int
}

// Measure is what a text has too much of.
type Measure string

// The measures of TOML and YAML.
const (
	Depth     Measure = "levels"
	Statement Measure = "brackets and dots in one statement"
	Marks     Measure = "brackets and dots"
	Values    Measure = "keys and values"
	Nodes     Measure = "keys, values and brackets"
)

// StructureError says that a text has more structure than its reader takes.
type StructureError struct {
	// Offset is where it becomes too much, in bytes.
	Offset int
	// Measure is what there is too much of, Limit how much may be.
	Measure Measure
	Limit   int
}

// Error names the limit; who reads the text names the file.
func (e *StructureError) Error() string {
	return fmt.Sprintf("it has more than %d %s", e.Limit, e.Measure)
}

// CheckTOML counts what there is outside of strings and comments, in one pass, and
// returns a *StructureError for the first that is too much. It is made for texts
// that the TOML library accepts, and wrong only behind the place where the library
// stops.
func CheckTOML(data []byte, limits TOMLLimits) error {
	var (
		statement, marks, values int
		// dots are those of the key at hand at each level of brackets, level 0 being
		// outside of all.
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
			// A key ends, or the next begins.
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

// TOMLStringEnd returns where the string of any of TOML's four kinds ends that
// starts at an offset: behind its closing quotes, or at the end of the data.
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
			// A long string may end in up to two quotes of its own.
			for i := 0; i < 2 && at < len(data) && data[at] == quote; i++ {
				at++
			}
			return at
		}
	}
	return len(data)
}
