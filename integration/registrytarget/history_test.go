//go:build integration

package registrytarget

import (
	"fmt"
	"strings"
	"testing"

	"github.com/deployfile/deployfile/internal/registryclient"
	"github.com/google/go-cmp/cmp"
)

// keptRevisions is how many records a repository keeps.
const keptRevisions = 10

// TestHistoryEnds keeps the last ten records.
func TestHistoryEnds(t *testing.T) {
	r := registryOf(t)
	e := open(t, r.Host+"/iris", "", "stable")
	var want []int
	for n := 1; n <= 12; n++ {
		e.deploy(t, push(t, r.Host+"/build", image(t, "amd64", fmt.Sprint(n))))
		if n > 2 {
			want = append([]int{n}, want...)
		}
	}
	if diff := cmp.Diff(want, e.numbers(t)); diff != "" {
		t.Error(diff)
	}
	if got := len(tags(t, e.target.Image)); got != 1+3*keptRevisions {
		t.Errorf("the tags are %v, want those of %d records, of their images and lists of referrers, and stable", tags(t, e.target.Image), keptRevisions)
	}
}

// TestOtherTag does not take another's tag for a record.
func TestOtherTag(t *testing.T) {
	r := registryOf(t)
	source := push(t, r.Host+"/iris", image(t, "amd64", "other"))
	if err := registryclient.Tag(t.Context(), source, "iris-hub-r1"); err != nil {
		t.Fatal(err)
	}
	if _, err := open(t, r.Host+"/iris", "").try(t.Context(), source); err == nil || !strings.Contains(err.Error(), "iris-hub-r1: it has the name of a record") {
		t.Errorf("the error is %v", err)
	}
}
