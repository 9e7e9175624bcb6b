// Package integration has no tests of its own: each directory below it tests one
// subject with real programs, so that `go test` runs them side by side.
//
// The tests use the buildkitd that `make tools` puts into bin/, and run images in it:
// the one that DEPLOYFILE_TEST_BUILDER names, else one for the package. A test that
// needs a builder without a history starts its own. What a test needs of the outside
// world it serves on the loopback, except for the packages of real models, which come
// from the machine's package index. `make test` sets the environment that they read:
// see lab.FindParts.
package integration
