// Package bkerrors recognizes errors of BuildKit that have no type, because they
// crossed the wire or never had one, by their text. Its test looks the texts up in
// the source of the version that go.mod pins.
package bkerrors

import "strings"

// The texts, and where they are from.
const (
	lostState   = "failed to get state for index"       // solver/jobs.go
	lostEdge    = "inconsistent graph state"            // solver/scheduler.go
	otherDigest = "digest mismatch "                    // source/http/source.go
	noFile      = "no such file or directory"           // syscall.ENOENT, in a worker
	invalidUTF8 = "string field contains invalid UTF-8" // protobuf's impl
)

// Collided reports whether a build failed because BuildKit lost its place among the
// same steps of another build that ended meanwhile; it is worth another try:
// https://github.com/moby/buildkit/issues/3635.
func Collided(err error) bool {
	return err != nil && (strings.Contains(err.Error(), lostState) || strings.Contains(err.Error(), lostEdge))
}

// DigestMismatch reports whether a file that was fetched does not have the digest
// that it should have. The digests are in the text that it returns, and the name of
// the file is not.
func DigestMismatch(err error) (digests string, ok bool) {
	_, digests, ok = strings.Cut(err.Error(), otherDigest)
	return digests, ok
}

// NotExist reports whether a file is missing in a reference.
func NotExist(err error) bool { return strings.Contains(err.Error(), noFile) }

// InvalidName reports whether the name of a file cannot be sent because it is not
// UTF-8. The error does not say which.
func InvalidName(err error) bool { return strings.Contains(err.Error(), invalidUTF8) }
