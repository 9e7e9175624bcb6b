//go:build !unix

package untrusted

// nonBlocking is for named pipes among the files, which are on Unix alone.
const nonBlocking = 0
