//go:build integration

package lock

import (
	"os"
	"testing"

	"github.com/deployfile/deployfile/internal/testing/buildtest"
)

// shared is what the tests share.
var shared buildtest.Shared

func TestMain(m *testing.M) {
	if code, ok := supervise(); ok {
		os.Exit(code)
	}
	shared.Main(m, "./integration/lock")
}
