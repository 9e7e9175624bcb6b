package cli

import (
	"bytes"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/deployfile/deployfile/internal/terminal"
	"github.com/deployfile/deployfile/manifests"
	"github.com/deployfile/deployfile/publish"
)

// Nothing that a target says gets to a terminal as a command.
func TestTargetsCommandNothing(t *testing.T) {
	const evil = "\x1b]0;title\x07"
	var shown bytes.Buffer
	out := terminal.NewWriter(&shown)
	printError(out, "deployfile", &publish.NotReadyError{Endpoint: "iris", Reason: evil, Log: []string{evil}, Events: []string{evil}})
	printError(out, "deployfile", interrupted(&brokenOffError{errors.New(evil)}))
	s := targetStatus{Deployed: true, By: evil, Message: evil, URL: evil, At: &time.Time{}, Live: &slot{Image: evil}, Instances: []instance{{Name: evil, Image: evil, Message: evil}}}
	s.text(out, time.Now())
	writeChanges(out, []publish.Change{{Action: "update", Object: evil, Diff: "+" + evil, Conflicts: []string{evil}}}, false)
	e := outcome{Message: evil, URL: evil}
	if err := e.text(out, &publish.Outcome{Revision: publish.Revision{State: manifests.State{Live: manifests.Slot{Release: manifests.Release{Image: evil}}}}}, false); err != nil {
		t.Error(err)
	}
	if strings.ContainsAny(shown.String(), "\x1b\x07") || strings.Count(shown.String(), `\x1b]0;title`) < 10 {
		t.Errorf("%q", shown.String())
	}
}
