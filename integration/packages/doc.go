// Package packages holds tests only: what `[environment]` puts into an image, from
// indexes, repositories, source distributions and Debian, and the other forms in which
// the same locked packages can be had: a Dockerfile, an environment on this machine,
// and a page of sizes.
package packages
