//go:build integration

package lock

import (
	"testing"

	"github.com/deployfile/deployfile/internal/testing/lab"
)

// TestTwoBuildsAtOnce builds the same project twice at the same time.
func TestTwoBuildsAtOnce(t *testing.T) {
	x := lab.NewIndex(t, lab.Wheel(t, "dfone", "1.0", ""), lab.Wheel(t, "dftwo", "1.0", ""))
	p := shared.Tiny(t, x.Table("local"), "dfone", "dftwo")
	p.Lock(t)
	digests := make([]string, 2)
	t.Run("builds", func(t *testing.T) {
		for n := range digests {
			t.Run("", func(t *testing.T) {
				t.Parallel()
				digests[n] = p.Build(t).Digest
			})
		}
	})
	if digests[0] != digests[1] {
		t.Errorf("the digests are %q", digests)
	}
}
