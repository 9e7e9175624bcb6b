// Package buildx holds tests only: the frontend as everybody has it, with
// docker buildx build and nothing of this project's installed.
//
// The tests make the frontend image with a buildkitd of their own, push it to
// a registry of their own, and have the buildx that `make tools-buildx` puts
// into bin/ take it from there, by the syntax line or by BUILDKIT_SYNTAX. A
// Docker engine of Debian's packages stands in for a user's. What a test needs
// of the outside world it serves on the loopback, except for the packages of
// real models, which come from the machine's package index. `make test` sets
// the environment that they read: see TestMain.
package buildx
