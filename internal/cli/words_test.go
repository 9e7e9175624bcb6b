package cli

import (
	"bytes"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/deployfile/deployfile/deploy"
	"github.com/deployfile/deployfile/internal/terminal"
	"github.com/deployfile/deployfile/publish"
	"github.com/deployfile/deployfile/report"
)

// Nothing that a target says gets to a terminal as a command.
func TestTargetsCommandNothing(t *testing.T) {
	const evil = "\x1b]0;title\x07"
	var shown bytes.Buffer
	out := terminal.NewWriter(&shown)
	printError(out, "deployfile", &publish.NotReadyError{Endpoint: "iris", Reason: evil, Log: []string{evil}, Events: []string{evil}})
	printError(out, "deployfile", interrupted(&deploy.AbortedError{Err: errors.New(evil)}))
	status := report.Status{
		Deployed: true, By: evil, Message: evil, URL: evil, At: &time.Time{}, Live: &report.Slot{Image: evil},
		Instances: []report.Instance{{Name: evil, Image: evil, Message: evil}},
	}
	statusText(out, status, time.Now())
	writeChanges(out, []report.Change{{Action: "update", Object: evil, Diff: "+" + evil, Conflicts: []string{evil}}}, false)
	if err := outcomeText(out, report.Outcome{Message: evil, URL: evil, Live: &report.Slot{Image: evil}}, false); err != nil {
		t.Error(err)
	}
	if strings.ContainsAny(shown.String(), "\x1b\x07") || strings.Count(shown.String(), `\x1b]0;title`) < 10 {
		t.Errorf("%q", shown.String())
	}
}
