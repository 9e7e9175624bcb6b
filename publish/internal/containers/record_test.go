package containers

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/deployfile/deployfile/publish"
	"github.com/google/go-cmp/cmp"
)

func TestLargeRevision(t *testing.T) {
	for name, text := range map[string]string{
		"bytes":  `{"By":"` + strings.Repeat("a", maxRevision) + `"}`,
		"values": `{"Documents":[` + strings.Repeat("{},", maxValues) + `{}]}`,
	} {
		if _, err := Decode([]byte(text), nil); err == nil || !strings.Contains(err.Error(), "the revision") {
			t.Errorf("%s: error %v", name, err)
		}
	}
}

// FuzzDecode reads a record that it writes as it was.
func FuzzDecode(f *testing.F) {
	text, err := json.Marshal(publish.Revision{Number: 1, By: "ada@example", Documents: documents("name: iris\n")})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(text)
	f.Add([]byte(`{"State":{"Live":{"Target":{"Env":{"A":"b"}}},"Next":{}},"At":"2026-01-02T03:04:05Z"}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		r, err := Decode(text, nil)
		if err != nil {
			return
		}
		again, err := Encode(r)
		if err != nil {
			return // a time that JSON has no form for
		}
		got, err := Decode(again, nil)
		if diff := cmp.Diff(r, got); err != nil || diff != "" {
			t.Fatalf("%v\n%s", err, diff)
		}
	})
}
