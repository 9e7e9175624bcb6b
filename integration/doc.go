// Package integration holds tests only: whole builds on a real buildkitd with
// runc, from a Deployfile to an image that answers requests.
//
// The tests start the buildkitd that `make tools` puts into bin/, with caches
// of its own, and run images in it. What a test needs of the outside world it
// serves on the loopback, except for the packages of real models, which come
// from the machine's package index. `make test` sets the environment that
// they read: see TestMain.
package integration
