package azureml

import (
	"context"
	"errors"
	"fmt"
	"strings"
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
	if len(c.unknown) > 0 {
		c.warn("not checked before the build: "+strings.Join(c.unknown, ", "), "docs/targets/azureml.md has the roles that are needed")
	}
	return c.findings
}

// check collects what Check finds.
type check struct {
	*connection
	findings []publish.Finding
	// unknown are what could not be asked, with the reasons.
	unknown []string
}

func (c *check) fail(message, hint string, keys ...string) {
	c.findings = append(c.findings, publish.Finding{Keys: keys, Message: message, Hint: hint})
}

func (c *check) warn(message, hint string, keys ...string) {
	c.findings = append(c.findings, publish.Finding{Keys: keys, Message: message, Hint: hint, Warning: true})
}

// unasked notes what could not be asked.
func (c *check) unasked(what string, err error) {
	reason, _ := said(err)
	switch {
	case reason != "":
	case errors.Is(err, context.DeadlineExceeded):
		reason = "no answer"
	default:
		reason = err.Error()
	}
	c.unknown = append(c.unknown, fmt.Sprintf("%s (%s)", what, reason))
}
