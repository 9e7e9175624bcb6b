package deployfile

import "slices"

// Check is the check of one target, to which its Spec reports. The keys that
// methods take are the path of a key in the target's table: "autoscale", "max".
type Check struct {
	r      *report
	file   *File
	target Target
	path   []string
}

// File returns the whole file, with the defaults that do not depend on other keys.
func (c *Check) File() *File { return c.file }

// Target returns the target, with the defaults that do not depend on other keys.
func (c *Check) Target() Target { return c.target }

// Endpoint returns the name that the target's endpoint has or gets.
func (c *Check) Endpoint() string { return endpointOf(c.file, c.target) }

// Repository returns the repository that the target has or gets, "" for none.
func (c *Check) Repository() string { return repositoryOf(c.file, c.target) }

// Written reports whether the text has the key.
func (c *Check) Written(keys ...string) bool { return c.r.index.has(c.at(keys...)) }

// Has reports whether the text has the key and nothing was reported of it, nor
// of the table that it is in: what is in a misplaced table does not matter.
func (c *Check) Has(keys ...string) bool {
	for n := range keys {
		if !c.r.written(c.at(keys[:n+1]...)...) {
			return false
		}
	}
	return true
}

// Reported reports whether something was reported of the key.
func (c *Check) Reported(keys ...string) bool { return c.r.said(c.at(keys...)...) }

// FileReported reports whether something was reported of a key elsewhere in the
// file.
func (c *Check) FileReported(path ...string) bool { return c.r.said(path...) }

// Called returns how messages call the key: "targets.prod.autoscale.max".
func (c *Check) Called(keys ...string) string { return describe(c.at(keys...)) }

// AtKey reports a problem, and points at the key.
func (c *Check) AtKey(p Problem, keys ...string) { c.r.atKey(p, c.at(keys...)...) }

// AtValue reports a problem, and points at the value of the key.
func (c *Check) AtValue(p Problem, keys ...string) { c.r.atValue(p, c.at(keys...)...) }

// AtLine reports a problem, and points at a line, from 1, of a value of several
// lines; 0 is all of it.
func (c *Check) AtLine(line int, p Problem, keys ...string) { c.r.atLine(line, p, c.at(keys...)) }

// Warn reports what does not stop the work, and points at the value of the key.
func (c *Check) Warn(p Problem, keys ...string) { c.r.warn(p, c.at(keys...)...) }

func (c *Check) at(keys ...string) []string { return append(slices.Clip(c.path), keys...) }
