package manifests

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// MaxRevision is the highest number of a revision.
const MaxRevision = math.MaxInt32

// RevisionTag returns the tag that records a revision of an endpoint.
func RevisionTag(endpoint string, number int) string {
	return fmt.Sprintf("%s-r%d", endpoint, number)
}

// revisionImage ends the tag of a revision's image.
const revisionImage = "-image"

// RevisionImageTag returns the tag by which an endpoint keeps the image of a
// revision: registries may clean up what no tag names.
func RevisionImageTag(endpoint string, number int) string {
	return RevisionTag(endpoint, number) + revisionImage
}

// RevisionOfTag returns the number of the revision that a tag records; ok is false
// if it records none of this endpoint.
func RevisionOfTag(endpoint, tag string) (number int, ok bool) {
	digits, ok := strings.CutPrefix(tag, endpoint+"-r")
	if !ok {
		return 0, false
	}
	number, err := strconv.Atoi(digits)
	if err != nil || number < 1 || number > MaxRevision || tag != RevisionTag(endpoint, number) {
		return 0, false
	}
	return number, true
}

// RevisionOfImageTag returns the number of the revision whose image a tag names; ok is
// false if it names none of this endpoint.
func RevisionOfImageTag(endpoint, tag string) (number int, ok bool) {
	tag, ok = strings.CutSuffix(tag, revisionImage)
	if !ok {
		return 0, false
	}
	return RevisionOfTag(endpoint, tag)
}

// IsRevisionTag reports whether a tag is one of those that name a revision of the
// endpoint or its image.
func IsRevisionTag(endpoint, tag string) bool {
	_, ok := RevisionOfTag(endpoint, strings.TrimSuffix(tag, revisionImage))
	return ok
}
