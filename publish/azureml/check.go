package azureml

import (
	"context"
	"time"

	"github.com/deployfile/deployfile/publish"
)

var _ publish.Checker = (*Publisher)(nil)

// checkLimit is how long the checks may take in all.
const checkLimit = 30 * time.Second

// Check implements publish.Checker with what Azure says of the size of the instances and its
// quota, of the caller's permissions, and of what pulls the image. No request of it changes
// anything.
func (p *Publisher) Check(ctx context.Context) []publish.Finding {
	limited, cancel := context.WithTimeout(ctx, checkLimit)
	defer cancel()
	c := &check{connection: p.connection}
	c.permissions(limited)
	c.instances(limited)
	c.pull(limited)
	return c.All("docs/targets/azureml.md has the roles that are needed")
}

// check collects what Check finds.
type check struct {
	*connection
	publish.Findings
}

// unasked notes what could not be asked.
func (c *check) unasked(what string, err error) {
	code, _ := said(err)
	c.Unasked(what, code, err)
}
