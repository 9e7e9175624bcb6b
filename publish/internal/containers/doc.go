// Package containers is the driver that all container engines share: a release is
// one container, which is also the record of its revision. What an engine does in
// its own way is behind the interface Host.
//
// Where old and new need the same port of the machine, a trial container with the
// same settings must first be ready at another port; then the old one is stopped
// and the new one started in its place. Where they do not, the new one is ready
// before the old one is stopped.
package containers
