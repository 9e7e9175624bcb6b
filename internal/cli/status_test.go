package cli

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/deployfile/deployfile/internal/terminal"
	"github.com/deployfile/deployfile/report"
)

// An endpoint of which something is left is not said to be down.
func TestStatusText(t *testing.T) {
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	some, none := []report.Instance{{Name: "a"}, {Name: "b", Ready: true}}, []report.Instance{{Name: "a"}}
	for want, s := range map[string]report.Status{
		"prod: nothing is deployed as iris-prod\n":                  {},
		"prod: nothing is deployed as iris-prod; no namespace\n":    {Message: "no namespace"},
		"prod: iris-prod serves revision 2, ":                       {Deployed: true, Ready: true, Instances: some},
		"prod: iris-prod does not serve as it should; revision 2, ": {Deployed: true, Instances: some},
		"prod: iris-prod does not serve; revision 2, ":              {Deployed: true, Instances: none},
		"prod: cannot be asked\n":                                   {Problem: report.Problem{Error: "it is away"}},
	} {
		s.Target = report.Target{Target: "prod", Endpoint: "iris-prod"}
		s.Revision, s.At, s.Live = 2, &now, &report.Slot{}
		var out bytes.Buffer
		statusText(terminal.NewWriter(&out), s, now)
		if !strings.HasPrefix(out.String(), want) {
			t.Errorf("got %q, want %q", out.String(), want)
		}
	}
}
