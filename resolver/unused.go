package resolver

import "fmt"

// UnusedNameError reports a name that is to be left out and that nothing requires.
type UnusedNameError struct {
	// Name is normalised (PEP 503).
	Name string
}

// Error names the package.
func (e *UnusedNameError) Error() string {
	return fmt.Sprintf("without leaves out %s, and nothing requires it; correct the name or remove it", e.Name)
}

// unused returns an error for a name that is unused on every platform. Of a
// platform whose lock was reused, it was known before.
func unused(platforms []*resolved) error {
	count := map[string]int{}
	for _, p := range platforms {
		for _, name := range p.unused {
			if count[name]++; count[name] == len(platforms) {
				return &UnusedNameError{Name: name}
			}
		}
	}
	return nil
}
