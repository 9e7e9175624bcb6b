// Package serving is what publishers to container engines share: asking a
// server whether it serves, comparing what runs with what is wanted, and the
// names of an endpoint's containers.
package serving
