//go:build integration

package integration

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/deployfile/deployfile/builder"
	"github.com/deployfile/deployfile/internal/testing/lab"
)

// shared is what the tests share; TestMain sets it once, and no test changes it.
var shared laboratory

type laboratory struct {
	lab.Parts
	// builder is the one that most tests share, second one that has seen
	// nothing but what a test built on it for comparison.
	builder, second *builder.Builder
}

func TestMain(m *testing.M) {
	if code, ok := supervise(); ok {
		os.Exit(code)
	}
	lab.Main(m, run)
}

// run starts the builders, runs the tests and stops them.
func run(m *testing.M) (code int, err error) {
	if shared.Parts, err = lab.FindParts("./integration"); err != nil {
		return 1, err
	}
	dir, err := os.MkdirTemp("", "deployfile-")
	if err != nil {
		return 1, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	for _, x := range []struct {
		name, address string
		builder       **builder.Builder
	}{{"first", lab.Builder(), &shared.builder}, {"second", "", &shared.second}} {
		if x.address == "" {
			d, err := lab.StartDaemon(filepath.Join(dir, x.name))
			if err != nil {
				return 1, err
			}
			defer d.Stop()
			x.address = d.Address
		}
		if *x.builder, err = dial(x.address); err != nil {
			return 1, err
		}
		defer (*x.builder).Close()
	}
	return m.Run(), nil
}

func dial(address string) (*builder.Builder, error) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	return builder.Find(ctx, builder.Options{Address: address})
}
