package cli

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/deployfile/deployfile/internal/terminal"
)

// An endpoint of which something is left is not said to be down.
func TestStatusText(t *testing.T) {
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	some, none := []instance{{Name: "a"}, {Name: "b", Ready: true}}, []instance{{Name: "a"}}
	for want, s := range map[string]targetStatus{
		"prod: nothing is deployed as iris-prod\n":                  {},
		"prod: nothing is deployed as iris-prod; no namespace\n":    {Message: "no namespace"},
		"prod: iris-prod serves revision 2, ":                       {Deployed: true, Ready: true, Instances: some},
		"prod: iris-prod does not serve as it should; revision 2, ": {Deployed: true, Instances: some},
		"prod: iris-prod does not serve; revision 2, ":              {Deployed: true, Instances: none},
		"prod: cannot be asked\n":                                   {Error: "it is away"},
	} {
		s.targetName = targetName{Target: "prod", Endpoint: "iris-prod"}
		s.Revision, s.At, s.Live = 2, &now, &slot{}
		var out bytes.Buffer
		s.text(terminal.NewWriter(&out), now)
		if !strings.HasPrefix(out.String(), want) {
			t.Errorf("got %q, want %q", out.String(), want)
		}
	}
}
