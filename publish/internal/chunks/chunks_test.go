package chunks

import (
	"bytes"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/deployfile/deployfile/internal/untrusted"
)

// Rows are cut between rows, and each request has what it needs to be read.
func TestSplit(t *testing.T) {
	for name, x := range map[string]struct {
		format Format
		size   int
		text   string
		want   []string
	}{
		"rows":               {CSV, 12, "a,b\n1,2\n3,4\n5,6\n", []string{"a,b\n1,2\n3,4\n", "a,b\n5,6\n"}},
		"one row too large":  {CSV, 1, "a\r\n100\r\n200", []string{"a\n100\n", "a\n200\n"}},
		"lines in quotes":    {CSV, 9, "a,b\n1,\"x\ny\"\n2,\"\"\"\n\"\n", []string{"a,b\n1,\"x\ny\"\n", "a,b\n2,\"\"\"\n\"\n"}},
		"no rows":            {CSV, 9, "a,b\n", nil},
		"lines":              {JSONLines, 32, "{\"a\": 1}\n\n{\"a\": 2}\n{\"a\": 3}", []string{`{"dataframe_records": [{"a": 1}]}`, `{"dataframe_records": [{"a": 2}]}`, `{"dataframe_records": [{"a": 3}]}`}},
		"lines together":     {JSONLines, 100, "{\"a\": 1}\n{\"a\": 2}\n", []string{`{"dataframe_records": [{"a": 1}, {"a": 2}]}`}},
		"JSON is not cut":    {JSON, 1, `{"inputs": [1, 2]}`, []string{`{"inputs": [1, 2]}`}},
		"a list are records": {JSON, 1, ` [{"a": 1}]`, []string{`{"dataframe_records":  [{"a": 1}]}`}},
	} {
		var got []string
		err := Split(strings.NewReader(x.text), x.format, x.size, func(r []byte) error { got = append(got, string(r)); return nil })
		if err != nil || !slices.Equal(got, x.want) {
			t.Errorf("%s: %q, %v, want %q", name, got, err, x.want)
		}
	}
	none := func([]byte) error { return nil }
	var large *untrusted.TooLargeError
	if err := Split(strings.NewReader("a\n"+strings.Repeat("1", MaxRow+1)), CSV, 10, none); !errors.As(err, &large) {
		t.Errorf("%v", err)
	}
	for text, want := range map[string]string{"": "no header", "a\n\"1\n2\n": "row 2 of the input has a quote that does not end"} {
		if err := Split(strings.NewReader(text), CSV, 10, none); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v", text, err)
		}
	}
}

// The answers of one request after the other are one file.
func TestJoin(t *testing.T) {
	list := []string{`{"predictions": [1.50, "a\"b"]}`, `{"predictions": []}`, `{"predictions": [null]}`}
	objects := []string{`{"predictions": [{"b": 1, "a": "x,y"}]}`, `{"predictions": [{"a": [1, 2], "b": true}]}`}
	for name, x := range map[string]struct {
		format  Format
		answers []string
		want    string
	}{
		"json":          {JSON, list, `{"predictions": [1.50, "a\"b", null]}`},
		"no answers":    {JSON, nil, `{"predictions": []}`},
		"one value":     {JSON, []string{`{"predictions": {"a": 1}}`}, `{"predictions": [{"a": 1}]}`},
		"lines":         {JSONLines, list, "1.50\n\"a\\\"b\"\nnull\n"},
		"csv":           {CSV, list, "prediction\n1.50\n\"a\"\"b\"\n\"\"\n"},
		"columns":       {CSV, objects, "a,b\n\"x,y\",1\n\"[1, 2]\",true\n"},
		"lists":         {CSV, []string{`{"predictions": [[1, 2], [3, 4]]}`}, "0,1\n1,2\n3,4\n"},
		"another's own": {JSON, []string{"yes\n"}, "yes\n"},
	} {
		var out bytes.Buffer
		j := NewJoin(&out, x.format)
		for _, a := range x.answers {
			if err := j.Add(strings.NewReader(a)); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
		if err := j.Close(); err != nil || out.String() != x.want {
			t.Errorf("%s: %q, %v, want %q", name, out.String(), err, x.want)
		}
	}
	for want, answers := range map[string][]string{
		"cannot be put together": {`{"predictions": [1]}`, "yes"},
		"one is no object":       {"yes", `{"predictions": [1]}`},
		"has the columns":        {`{"predictions": [{"a": 1}]}`, `{"predictions": [{"b": 1}]}`},
	} {
		j := NewJoin(&bytes.Buffer{}, CSV)
		var err error
		for _, a := range answers {
			err = errors.Join(err, j.Add(strings.NewReader(a)))
		}
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", want, err)
		}
	}
}
