package report_test

import (
	"encoding/json"
	"fmt"

	"github.com/deployfile/deployfile/report"
)

// A program reads what deployfile deploy --json printed.
func Example() {
	const printed = `[{"target": "prod", "kind": "kubernetes", "endpoint": "iris-prod", "action": "failed", "revision": 4,
		"previous": 3, "changes": [], "ready": false, "error": "iris-prod is not ready", "failure": "rolled-back"}]`
	var outcomes []report.Outcome
	if err := json.Unmarshal([]byte(printed), &outcomes); err != nil {
		fmt.Println(err)
		return
	}
	for _, o := range outcomes {
		switch o.Failure {
		case report.FailureBusy:
			fmt.Println(o.Target.Target, "try again")
		case report.FailureRolledBack:
			fmt.Println(o.Target.Target, "still has revision", o.Previous)
		}
	}
	// Output: prod still has revision 3
}
