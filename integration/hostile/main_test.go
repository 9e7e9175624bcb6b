//go:build integration

package hostile

import (
	"testing"

	"github.com/deployfile/deployfile/internal/testing/buildtest"
)

// shared is what the tests share.
var shared buildtest.Shared

func TestMain(m *testing.M) {
	shared.Main(m, "./integration/hostile")
}
