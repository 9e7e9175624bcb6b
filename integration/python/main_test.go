//go:build integration

package python

import (
	"path/filepath"
	"testing"

	"github.com/deployfile/deployfile/internal/testing/lab"
)

// shared is what the tests share; TestMain sets it once.
var shared struct {
	lab.Parts
	builder string
}

func TestMain(m *testing.M) {
	lab.Main(m, func(m *testing.M) (code int, err error) {
		if shared.Parts, err = lab.FindParts("./integration/python"); err != nil {
			return 1, err
		}
		d, err := lab.AnyDaemon()
		if err != nil {
			return 1, err
		}
		defer d.Stop()
		shared.builder = d.Address
		return m.Run(), nil
	})
}

// repository returns the directory of this repository.
func repository(t *testing.T) string {
	t.Helper()
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	return root
}
