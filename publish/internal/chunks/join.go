package chunks

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"

	"github.com/deployfile/deployfile/internal/untrusted"
)

// Join puts the predictions of a server's answers together, in the order in which they are
// added.
type Join struct {
	to     io.Writer
	format Format
	count  int
	// whole is the only answer, if it has no predictions; columns are those of CSV.
	whole   []byte
	columns []string
}

// MaxAnswer is the size of the largest answer, in bytes.
const MaxAnswer = 256 << 20

// NewJoin returns a Join that writes predictions in a format.
func NewJoin(to io.Writer, f Format) *Join { return &Join{to: to, format: f} }

// Add adds an answer: {"predictions": …}, or whatever else if it is the only one.
func (j *Join) Add(answer io.Reader) error {
	text, err := untrusted.ReadAll(answer, "an answer", MaxAnswer)
	if err != nil {
		return err
	}
	if j.whole != nil {
		return errNoPredictions()
	}
	var fields map[string]json.RawMessage
	if json.Unmarshal(text, &fields) != nil || fields["predictions"] == nil {
		if j.count > 0 {
			return errNoPredictions()
		}
		j.whole = text
		return nil
	}
	var values []json.RawMessage
	if json.Unmarshal(fields["predictions"], &values) != nil {
		values = []json.RawMessage{fields["predictions"]}
	}
	for _, value := range values {
		if err := j.write(value); err != nil {
			return err
		}
		j.count++
	}
	return nil
}

func errNoPredictions() error {
	return errors.New(`the answers cannot be put together: one is no object with "predictions"`)
}

func (j *Join) write(value json.RawMessage) error {
	switch j.format {
	case CSV:
		return j.row(value)
	case JSONLines:
		var line bytes.Buffer
		if err := json.Compact(&line, value); err != nil {
			return err
		}
		line.WriteByte('\n')
		_, err := j.to.Write(line.Bytes())
		return err
	}
	before := ", "
	if j.count == 0 {
		before = `{"predictions": [`
	}
	_, err := io.WriteString(j.to, before+string(value))
	return err
}

// Close writes what is left.
func (j *Join) Close() error {
	var rest string
	switch {
	case j.whole != nil:
		rest = string(j.whole)
	case j.format == JSON && j.count == 0:
		rest = `{"predictions": []}`
	case j.format == JSON:
		rest = "]}"
	}
	_, err := io.WriteString(j.to, rest)
	return err
}

// row writes a prediction as a row, after a header before the first.
func (j *Join) row(value json.RawMessage) error {
	names, cells := columns(value)
	out := csv.NewWriter(j.to)
	if j.count == 0 {
		j.columns = names
		if err := out.Write(names); err != nil {
			return err
		}
	}
	if !slices.Equal(names, j.columns) {
		return fmt.Errorf("prediction %d has the columns %q, and the first has %q: name an output that ends in .jsonl", j.count+1, names, j.columns)
	}
	if len(cells) == 1 && cells[0] == "" {
		// The library writes an empty line, which readers leave out.
		out.Flush()
		_, err := io.WriteString(j.to, "\"\"\n")
		return errors.Join(out.Error(), err)
	}
	if err := out.Write(cells); err != nil {
		return err
	}
	out.Flush()
	return out.Error()
}

// columns returns the names and the values of a prediction's columns.
func columns(value json.RawMessage) (names, cells []string) {
	var object map[string]json.RawMessage
	var list []json.RawMessage
	switch {
	case json.Unmarshal(value, &object) == nil && object != nil:
		for _, name := range slices.Sorted(maps.Keys(object)) {
			names, cells = append(names, name), append(cells, cell(object[name]))
		}
	case json.Unmarshal(value, &list) == nil && list != nil:
		for i, item := range list {
			names, cells = append(names, strconv.Itoa(i)), append(cells, cell(item))
		}
	default:
		names, cells = []string{"prediction"}, []string{cell(value)}
	}
	return names, cells
}

// cell returns a value as CSV has it: a text without its quotes, and nothing for null.
func cell(value json.RawMessage) string {
	var text string
	switch {
	case json.Unmarshal(value, &text) == nil:
		return text
	default:
		return string(bytes.TrimSpace(value))
	}
}
