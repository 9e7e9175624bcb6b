//go:build unix

package untrusted

import "syscall"

// nonBlocking lets the opening of a named pipe return at once, so that it can be
// refused. Of regular files it changes nothing.
const nonBlocking = syscall.O_NONBLOCK
