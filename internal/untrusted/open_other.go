//go:build !unix

package untrusted

// nonBlocking is for named pipes, which only Unix has as files.
const nonBlocking = 0
