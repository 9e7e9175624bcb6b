package main

import (
	"bytes"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/deployfile/deployfile/manifests"
	"github.com/deployfile/deployfile/publish"
)

func TestPrintable(t *testing.T) {
	for text, want := range map[string]string{
		"":                          "",
		"a\n\tb é 好":                "a\n\tb é 好",
		"\x1b[2Ja\rb\x07\x7f\u009b": `\x1b[2Ja\x0db\x07\x7f\x9b`,
	} {
		if got := printable(text); got != want {
			t.Errorf("%q becomes %q", text, got)
		}
	}
}

// Nothing that a target says gets to a terminal as a command.
func TestTargetsCommandNothing(t *testing.T) {
	const evil = "\x1b]0;title\x07"
	var out bytes.Buffer
	report(&out, "deployfile", &publish.NotReadyError{Endpoint: "iris", Reason: evil, Log: []string{evil}, Events: []string{evil}})
	report(&out, "deployfile", interrupted(&brokenOffError{errors.New(evil)}))
	s := targetStatus{Deployed: true, By: evil, Message: evil, URL: evil, At: &time.Time{}, Live: &slot{Image: evil}, Instances: []instance{{Name: evil, Image: evil, Message: evil}}}
	s.text(&out, time.Now())
	writeChanges(&out, []publish.Change{{Action: "update", Object: evil, Diff: "+" + evil, Conflicts: []string{evil}}}, false)
	e := outcome{Message: evil, URL: evil}
	if err := e.text(&out, &publish.Outcome{Revision: publish.Revision{State: manifests.State{Live: manifests.Slot{Release: manifests.Release{Image: evil}}}}}, false); err != nil {
		t.Error(err)
	}
	if strings.ContainsAny(out.String(), "\x1b\x07") || strings.Count(out.String(), `\x1b]0;title`) < 10 {
		t.Errorf("%q", out.String())
	}
}
