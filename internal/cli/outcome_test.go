package cli

import (
	"bytes"
	"strings"
	"testing"

	"github.com/deployfile/deployfile/internal/terminal"
	"github.com/deployfile/deployfile/report"
)

func TestOutcomeText(t *testing.T) {
	image := func(digit string) string { return "registry.example.com/iris@sha256:" + strings.Repeat(digit, 64) }
	alone := report.Outcome{Live: &report.Slot{Image: image("a")}}
	beside := func(track string, weight int) report.Outcome {
		return report.Outcome{Live: alone.Live, Next: &report.Slot{Track: track, Weight: weight, Image: image("b")}}
	}
	changes := []report.Change{
		{Action: "create", Object: "Service models/iris-prod"},
		{Action: "update", Object: "Deployment models/iris-prod", Diff: "-replicas: 1\n+replicas: 2\n"},
	}
	refused := []report.Change{{Action: "update", Object: "Deployment models/iris-prod", Diff: "-replicas: 1\n+replicas: 2\n", Conflicts: []string{"replicas (ann's)"}}}
	for name, test := range map[string]struct {
		action  report.Action
		slots   report.Outcome
		outcome report.Outcome
		want    string
	}{
		"applied":    {report.Applied, alone, report.Outcome{Ready: true, URL: "http://iris.example.com"}, "prod: revision 2 of iris-prod is live, aaaaaaaaaaaa; http://iris.example.com\n"},
		"no wait":    {report.Applied, alone, report.Outcome{Message: "0 of 2 replicas are ready"}, "prod: revision 2 of iris-prod is accepted, aaaaaaaaaaaa; 0 of 2 replicas are ready\n"},
		"unchanged":  {report.Unchanged, alone, report.Outcome{Ready: true}, "prod: nothing to do: iris-prod is at revision 2, aaaaaaaaaaaa\n"},
		"canary":     {report.Applied, beside("canary", 10), report.Outcome{Ready: true}, "prod: revision 2 of iris-prod is up, bbbbbbbbbbbb, beside the live one (canary, 10 %); next: deployfile promote prod, or deployfile rollback prod\n"},
		"blue":       {report.Applied, beside("blue", 0), report.Outcome{Ready: true}, "prod: revision 2 of iris-prod is up, bbbbbbbbbbbb, beside the live one (blue, no requests yet); next: deployfile promote prod, or deployfile rollback prod\n"},
		"waits":      {report.Unchanged, beside("canary", 10), report.Outcome{Ready: true}, "prod: nothing to do: iris-prod is at revision 2, bbbbbbbbbbbb, beside the live one (canary, 10 %); next: deployfile promote prod, or deployfile rollback prod\n"},
		"planned":    {report.Planned, alone, report.Outcome{Changes: changes}, "create Service models/iris-prod\nupdate Deployment models/iris-prod\n  -replicas: 1\n  +replicas: 2\nprod: iris-prod would become revision 2: 1 to create, 1 to update\n"},
		"conflict":   {report.Planned, alone, report.Outcome{Changes: refused}, "update Deployment models/iris-prod\n  -replicas: 1\n  +replicas: 2\n  conflict: replicas (ann's); refused, unless --force-conflicts overwrites it\nprod: iris-prod would not become revision 2: 1 to update, 1 conflict\n"},
		"no objects": {report.Planned, alone, report.Outcome{}, "prod: iris-prod would become revision 2: no object changes\n"},
	} {
		t.Run(name, func(t *testing.T) {
			e := test.outcome
			e.Target = report.Target{Target: "prod", Kind: "kubernetes", Endpoint: "iris-prod"}
			e.Action, e.Revision, e.Live, e.Next = test.action, 2, test.slots.Live, test.slots.Next
			var b bytes.Buffer
			if err := outcomeText(terminal.NewWriter(&b), e, false); err != nil {
				t.Fatal(err)
			}
			if got := b.String(); got != test.want {
				t.Errorf("got  %q\nwant %q", got, test.want)
			}
		})
	}
}
