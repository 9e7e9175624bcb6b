package containers

import (
	"fmt"
	"strconv"
	"strings"
)

// Numbered returns the name of the container of an endpoint's revision.
func Numbered(endpoint string, number int) string {
	return fmt.Sprintf("%s-r%d", endpoint, number)
}

// TrialName returns the name of a revision's trial.
func TrialName(endpoint string, number int) string { return Numbered(endpoint, number) + "-trial" }

// Number returns the revision of a name that Numbered made.
func Number(endpoint, name string) (int, bool) {
	digits, ok := strings.CutPrefix(name, endpoint+"-r")
	if !ok {
		return 0, false
	}
	n, err := strconv.Atoi(digits)
	return n, err == nil && n > 0 && strconv.Itoa(n) == digits
}
