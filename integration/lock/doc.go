// Package lock holds tests only: when a lock is made, when it is kept, when it is out of
// date, and that one lock gives one image, on other bases, builders, platforms and
// networks.
package lock
