package publish_test

import (
	"context"
	"fmt"

	"github.com/deployfile/deployfile/publish"
	"github.com/deployfile/deployfile/publish/publishtest"
)

// A release replaces another, and is rolled back. The target is in memory; package
// connect opens those that a Deployfile names.
func Example() {
	ctx := context.Background()
	target := &publishtest.Memory{}
	store, driver := target.Connect()
	endpoint := publish.NewEngine("iris-prod", store, driver)
	defer endpoint.Close()

	for _, version := range []string{"1", "2"} {
		outcome, err := publish.Deploy(ctx, endpoint, versioned(version), options())
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(outcome.Action, "revision", outcome.Revision.Number, "serves", target.Serving())
	}
	outcome, err := publish.Rollback(ctx, endpoint, 0, options())
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(outcome.Action, "revision", outcome.Revision.Number, "serves", target.Serving())
	// Output:
	// applied revision 1 serves 1
	// applied revision 2 serves 2
	// applied revision 3 serves 1
}
