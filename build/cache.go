package build

import "strings"

// cacheEntries expands the short form REF of a registry cache.
func cacheEntries(entries []string) []string {
	out := make([]string, len(entries))
	for i, e := range entries {
		if !strings.Contains(e, "=") {
			e = "type=registry,ref=" + e
		}
		out[i] = e
	}
	return out
}
