package main

import (
	"strings"
	"testing"
)

func TestStarts(t *testing.T) {
	r := &report{Starts: []start{
		{Title: "ours", Cold: true, Seconds: 9, Answer: "a"}, {Title: "ours", Seconds: 3, Answer: "a"}, {Title: "ours", Seconds: 1, Answer: "a"},
		{Title: "ours", Seconds: 2, Answer: "a"}, {Title: mlflowWay{}.title(), Seconds: 8, Answer: "a"},
	}}
	var b strings.Builder
	r.writeStarts(&b)
	if want := "| ours | 9.00 | 2.00 | 1.00 | 3.00 | 0.25 |"; !strings.Contains(b.String(), want) {
		t.Errorf("no %q in %s", want, b.String())
	}
	if err := r.checkStarts(); err != nil {
		t.Error(err)
	}
	r.Starts[2].Answer = "b"
	if err := r.checkStarts(); err == nil || !strings.Contains(err.Error(), "ours answers b") {
		t.Errorf("the error is %v", err)
	}
}
