package containers

import (
	"fmt"
	"strconv"
	"strings"
)

// Numbered is the name of the container of an endpoint's revision.
func Numbered(endpoint string, number int) string {
	return fmt.Sprintf("%s-r%d", endpoint, number)
}

// TrialName is the name of the container that shows that a revision can become
// ready.
func TrialName(endpoint string, number int) string { return Numbered(endpoint, number) + "-trial" }

// Number is the revision that a name made by Numbered has.
func Number(endpoint, name string) (int, bool) {
	digits, ok := strings.CutPrefix(name, endpoint+"-r")
	if !ok {
		return 0, false
	}
	n, err := strconv.Atoi(digits)
	return n, err == nil && n > 0 && strconv.Itoa(n) == digits
}
