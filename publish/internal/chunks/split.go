// Package chunks cuts a file of rows into requests that a server takes one by one, and puts
// its answers together again.
package chunks

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"path"
	"strings"

	"github.com/deployfile/deployfile/internal/untrusted"
)

// Format is how a file has its rows.
type Format string

// The formats. Those of an input are what an MLflow server reads or can be given.
const (
	CSV       Format = "csv"
	JSON      Format = "json"
	JSONLines Format = "jsonl"
)

// Of returns the format that the ending of a name says.
func Of(name string) (Format, error) {
	switch f := Format(strings.ToLower(strings.TrimPrefix(path.Ext(name), "."))); f {
	case CSV, JSON, JSONLines:
		return f, nil
	}
	return "", fmt.Errorf("%s: its ending says no format: name a file that ends in .csv, .json or .jsonl", name)
}

// MediaType returns that of a request made of rows of the format.
func (f Format) MediaType() string {
	if f == CSV {
		return "text/csv"
	}
	return "application/json"
}

// MaxRow is the size of the largest row, and MaxWhole that of JSON, which is not cut, in
// bytes.
const (
	MaxRow   = 4 << 20
	MaxWhole = 100 << 20
)

// Split reads rows and emits requests of about size bytes at most. The rows of JSON lines
// become a list of records. JSON is one request.
func Split(r io.Reader, f Format, size int, emit func(request []byte) error) error {
	if f == JSON {
		all, err := untrusted.ReadAll(r, "the input", MaxWhole)
		if err != nil {
			return err
		}
		if bytes.HasPrefix(bytes.TrimLeft(all, " \t\r\n"), []byte("[")) {
			all = bytes.Join([][]byte{[]byte(`{"dataframe_records": `), all, []byte("}")}, nil)
		}
		return emit(all)
	}
	rows := &rows{from: bufio.NewReader(r), quoted: f == CSV}
	var head, between, end []byte
	if f == JSONLines {
		head, between, end = []byte(`{"dataframe_records": [`), []byte(", "), []byte("]}")
	} else {
		names, err := rows.next()
		if errors.Is(err, io.EOF) {
			return errors.New("the input has no header")
		}
		if err != nil {
			return err
		}
		head = append(names, '\n')
	}
	request := bytes.Clone(head)
	flush := func() error {
		if len(request) == len(head) {
			return nil
		}
		err := emit(append(request, end...))
		request = bytes.Clone(head)
		return err
	}
	for {
		row, err := rows.next()
		if errors.Is(err, io.EOF) {
			return flush()
		}
		if err != nil {
			return err
		}
		if len(bytes.TrimSpace(row)) == 0 {
			continue
		}
		if len(request)+len(row) > size {
			if err := flush(); err != nil {
				return err
			}
		}
		if len(request) > len(head) {
			request = append(request, between...)
		}
		request = append(request, row...)
		if f == CSV {
			request = append(request, '\n')
		}
	}
}

// rows reads lines. Of CSV, one goes on while a quote is open.
type rows struct {
	from   *bufio.Reader
	quoted bool
	count  int
}

// next returns the next row, without its end; io.EOF ends them.
func (r *rows) next() ([]byte, error) {
	var row []byte
	open := false
	r.count++
	for {
		part, err := r.from.ReadSlice('\n')
		row = append(row, part...)
		if len(row) > MaxRow {
			return nil, &untrusted.TooLargeError{Name: fmt.Sprintf("row %d of the input", r.count), Limit: MaxRow}
		}
		open = open != (r.quoted && bytes.Count(part, []byte(`"`))%2 == 1)
		switch {
		case errors.Is(err, bufio.ErrBufferFull), err == nil && open:
			continue
		case errors.Is(err, io.EOF) && open:
			return nil, fmt.Errorf("row %d of the input has a quote that does not end", r.count)
		case errors.Is(err, io.EOF) && len(row) > 0:
			err = nil
		}
		return bytes.TrimRight(row, "\r\n"), err
	}
}
