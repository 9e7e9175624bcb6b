package containers

import "strings"

// LastLines returns the last n lines of a log, without empty lines at its end.
func LastLines(log string, n int) []string {
	log = strings.TrimRight(log, "\r\n")
	if log == "" {
		return nil
	}
	all := strings.Split(log, "\n")
	for i, line := range all {
		all[i] = strings.TrimRight(line, "\r")
	}
	return all[max(0, len(all)-n):]
}
