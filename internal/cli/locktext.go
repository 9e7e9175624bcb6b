package cli

import (
	"fmt"
	"slices"
	"strings"

	"github.com/deployfile/deployfile/report"
)

// lockText returns a line for the whole and one for each change.
func lockText(c report.Lock) string {
	var b strings.Builder
	if !c.Changed {
		fmt.Fprintf(&b, "%s is up to date\n", c.File)
		return b.String()
	}
	var counts []string
	for platform, n := range c.Packages {
		counts = append(counts, fmt.Sprintf("%d packages for %s", n, platform))
	}
	slices.Sort(counts)
	fmt.Fprintf(&b, "%s: %s\n", c.File, strings.Join(counts, ", "))
	if c.New {
		return b.String()
	}
	for _, phrase := range c.Inputs {
		fmt.Fprintf(&b, "  %s\n", phrase)
	}
	for _, x := range c.Changes {
		b.WriteString(lockChangeText(x, len(c.Packages) > 1))
	}
	for _, phrase := range c.Model {
		fmt.Fprintf(&b, "  %s\n", phrase)
	}
	if len(c.Inputs)+len(c.Changes)+len(c.Model) == 0 {
		// The same versions from other addresses, or of another kind of file.
		fmt.Fprintf(&b, "  other bytes in %s\n", strings.Join(c.Files, ", "))
	}
	return b.String()
}

func lockChangeText(x report.LockChange, several bool) string {
	name := x.Name
	if x.Kind != "package" {
		name = strings.TrimSpace(x.Kind + " " + x.Name)
	}
	if several && x.Platform != "" {
		name = x.Platform + " " + name
	}
	switch {
	case x.Was == "":
		return fmt.Sprintf("  + %s %s\n", name, x.Is)
	case x.Is == "":
		return fmt.Sprintf("  - %s %s\n", name, x.Was)
	}
	return fmt.Sprintf("  ~ %s %s -> %s\n", name, x.Was, x.Is)
}
