package main

import (
	"encoding/json"
	"strings"
	"testing"
)

func TestDiffers(t *testing.T) {
	for _, x := range []struct {
		a, b string
		same bool
	}{
		{`{"predictions":[1,2.0000001]}`, `{"predictions":[1,2]}`, true},
		{`{"id":"1","created":1,"text":"a"}`, `{"id":"2","created":2,"text":"a"}`, true},
		{`{"predictions":[1]}`, `{"predictions":[2]}`, false},
		{`{"predictions":[1]}`, `{"predictions":[1,1]}`, false},
		{`[null]`, `[0]`, false},
		{`{"a":1}`, `{"b":1}`, false},
	} {
		var a, b any
		if json.Unmarshal([]byte(x.a), &a) != nil || json.Unmarshal([]byte(x.b), &b) != nil {
			t.Fatal(x)
		}
		if err := differs("it", a, b); (err == nil) != x.same {
			t.Errorf("%s and %s: %v", x.a, x.b, err)
		}
	}
}

// What is written into the documents names neither this machine nor a server.
func TestLastLines(t *testing.T) {
	w := &workshop{dir: "/cache/flavours", root: "/work/tree"}
	got := w.lastLines("a\nb\n/tmp/x/model: see https://files.example.com/y (z)\n/work/tree/bin/deployfile\n", "/tmp/x")
	for _, never := range []string{"/tmp/x", "/work/tree", "example.com"} {
		if strings.Contains(got, never) {
			t.Errorf("%q is in %q", never, got)
		}
	}
}

func TestMarkdown(t *testing.T) {
	text := string(markdown(map[string]result{"sklearn": {MLflow: "3.1.0", Size: 2e8, Seconds: 3}, "odd": {Failure: "<b>|*x*"}}))
	for _, want := range []string{"| sklearn | 3.1.0 |  | yes | 200MB | 3.0 |", "1 of 2 work.", `- **odd**: &lt;b>\|\*x\*`} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
}
