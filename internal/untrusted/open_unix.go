//go:build unix

package untrusted

import "syscall"

// nonBlocking makes opening a named pipe return at once, so that it can be
// refused. It does not affect regular files.
const nonBlocking = syscall.O_NONBLOCK
