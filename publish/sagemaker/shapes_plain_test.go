//go:build !integration

package sagemaker

import "testing"

// shapes checks nothing: AWS's descriptions of its services are in a package of Python,
// which plain go test does without.
func shapes(testing.TB) func(operation string, input bool, body []byte) error { return nil }
