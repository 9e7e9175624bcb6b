package cli

import (
	"bytes"
	"strings"
	"testing"

	"github.com/deployfile/deployfile/deployfile"
	"github.com/deployfile/deployfile/internal/terminal"
	"github.com/deployfile/deployfile/manifests"
	"github.com/deployfile/deployfile/publish"
)

func TestOutcomeText(t *testing.T) {
	slot := func(digit, track string) manifests.Slot {
		return manifests.Slot{Track: track, Release: manifests.Release{
			Image: "registry.example.com/iris@sha256:" + strings.Repeat(digit, 64), Target: deployfile.Target{Weight: 10},
		}}
	}
	beside := func(track string) manifests.State {
		next := slot("b", track)
		return manifests.State{Live: slot("a", ""), Next: &next}
	}
	alone := manifests.State{Live: slot("a", "")}
	changes := []publish.Change{
		{Action: "create", Object: "Service models/iris-prod"},
		{Action: "update", Object: "Deployment models/iris-prod", Diff: "-replicas: 1\n+replicas: 2\n"},
	}
	refused := []publish.Change{{Action: "update", Object: "Deployment models/iris-prod", Diff: "-replicas: 1\n+replicas: 2\n", Conflicts: []string{"replicas (ann's)"}}}
	for name, test := range map[string]struct {
		action  publish.Action
		state   manifests.State
		outcome outcome
		want    string
	}{
		"applied":    {publish.Applied, alone, outcome{Ready: true, URL: "http://iris.example.com"}, "prod: revision 2 of iris-prod is live, aaaaaaaaaaaa; http://iris.example.com\n"},
		"no wait":    {publish.Applied, alone, outcome{Message: "0 of 2 replicas are ready"}, "prod: revision 2 of iris-prod is accepted, aaaaaaaaaaaa; 0 of 2 replicas are ready\n"},
		"unchanged":  {publish.Unchanged, alone, outcome{Ready: true}, "prod: nothing to do: iris-prod is at revision 2, aaaaaaaaaaaa\n"},
		"canary":     {publish.Applied, beside("canary"), outcome{Ready: true}, "prod: revision 2 of iris-prod is up, bbbbbbbbbbbb, beside the live one (canary, 10 %); next: deployfile promote prod, or deployfile rollback prod\n"},
		"blue":       {publish.Applied, beside("blue"), outcome{Ready: true}, "prod: revision 2 of iris-prod is up, bbbbbbbbbbbb, beside the live one (blue, no requests yet); next: deployfile promote prod, or deployfile rollback prod\n"},
		"waits":      {publish.Unchanged, beside("canary"), outcome{Ready: true}, "prod: nothing to do: iris-prod is at revision 2, bbbbbbbbbbbb, beside the live one (canary, 10 %); next: deployfile promote prod, or deployfile rollback prod\n"},
		"planned":    {publish.Planned, alone, outcome{Changes: changes}, "create Service models/iris-prod\nupdate Deployment models/iris-prod\n  -replicas: 1\n  +replicas: 2\nprod: iris-prod would become revision 2: 1 to create, 1 to update\n"},
		"conflict":   {publish.Planned, alone, outcome{Changes: refused}, "update Deployment models/iris-prod\n  -replicas: 1\n  +replicas: 2\n  conflict: replicas (ann's); refused, unless --force-conflicts overwrites it\nprod: iris-prod would not become revision 2: 1 to update, 1 conflict\n"},
		"no objects": {publish.Planned, alone, outcome{}, "prod: iris-prod would become revision 2: no object changes\n"},
	} {
		t.Run(name, func(t *testing.T) {
			e := test.outcome
			e.targetName = targetName{Target: "prod", Kind: "kubernetes", Endpoint: "iris-prod"}
			e.Action, e.Revision = string(test.action), 2
			var b bytes.Buffer
			if err := e.text(terminal.NewWriter(&b), &publish.Outcome{Action: test.action, Revision: publish.Revision{Number: 2, State: test.state}}, false); err != nil {
				t.Fatal(err)
			}
			if got := b.String(); got != test.want {
				t.Errorf("got  %q\nwant %q", got, test.want)
			}
		})
	}
}
