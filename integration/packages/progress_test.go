//go:build integration

package packages

import (
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/deployfile/deployfile/internal/testing/lab"
)

// TestSlowIndex says how far resolving is while an index takes its time, and how many
// wheels were looked into.
func TestSlowIndex(t *testing.T) {
	x := lab.NewIndex(t, lab.Wheel(t, "dfone", "1.0", "", "dftwo"), lab.Wheel(t, "dftwo", "1.0", ""))
	x.Redirect = func(path string) string {
		if strings.HasPrefix(path, "/simple/dftwo") {
			time.Sleep(5 * time.Second)
		}
		return ""
	}
	o := shared.Tiny(t, x.Table("slow"), "dfone").Lock(t)
	if !regexp.MustCompile(`(?m)\b1 package looked up$`).MatchString(o.Log) {
		t.Errorf("it does not say how far it is:\n%s", lab.Tail(o.Log))
	}
}
