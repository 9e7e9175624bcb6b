//go:build integration

package registrytarget

import (
	"context"
	"testing"
	"time"

	"github.com/deployfile/deployfile/builder"
	"github.com/deployfile/deployfile/internal/testing/lab"
)

// shared is what the tests build with; TestMain sets it once, and no test
// changes it.
var shared struct {
	parts   lab.Parts
	builder *builder.Builder
}

func TestMain(m *testing.M) { lab.Main(m, run) }

func run(m *testing.M) (code int, err error) {
	if shared.parts, err = lab.FindParts("./integration/registrytarget"); err != nil {
		return 1, err
	}
	d, err := lab.AnyDaemon()
	if err != nil {
		return 1, err
	}
	defer d.Stop()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	if shared.builder, err = builder.Find(ctx, builder.Options{Address: d.Address}); err != nil {
		return 1, err
	}
	defer shared.builder.Close()
	return m.Run(), nil
}
