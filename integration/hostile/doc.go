// Package hostile holds tests only: builds of what an attacker may have written. The
// base image, the index, wheels, source distributions, repositories, requests, locks
// and the output directory are made so that they would leave their step, show a
// secret, or exhaust the machine; the build has to refuse them, or to be unmoved.
package hostile
