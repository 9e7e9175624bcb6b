//go:build integration

package docs

import (
	"testing"

	"github.com/deployfile/deployfile/internal/testing/cluster"
	"github.com/deployfile/deployfile/internal/testing/lab"
)

// shared is what the tests share; TestMain sets it once, and no test changes it.
var shared struct {
	lab.Parts
	builder  string
	clusters cluster.Shared
}

// pages is the folder of the pages.
const pages = "../../docs/targets"

func TestMain(m *testing.M) { lab.Main(m, run) }

func run(m *testing.M) (code int, err error) {
	if shared.Parts, err = lab.FindParts("./integration/docs"); err != nil {
		return 1, err
	}
	defer shared.clusters.Close()
	d, err := lab.AnyDaemon()
	if err != nil {
		return 1, err
	}
	defer d.Stop()
	shared.builder = d.Address
	return m.Run(), nil
}
