package llb

import (
	"fmt"
	"testing"

	"github.com/deployfile/deployfile/internal/layering"
	"github.com/deployfile/deployfile/toolchain"
)

// TestManyLargeWheels names the layers that several large wheels share.
func TestManyLargeWheels(t *testing.T) {
	var wheels []Wheel
	for n := range 60 {
		wheels = append(wheels, Wheel{Name: fmt.Sprintf("large%02d", n), Download: toolchain.Download{Size: 5 << 20}})
	}
	names := map[string]bool{}
	count := 0
	for _, l := range wheelLayers(wheels) {
		if names[l.Name] {
			t.Errorf("two layers are called %s", l.Name)
		}
		names[l.Name] = true
		count += len(l.Wheels)
	}
	if count != len(wheels) || len(names) > layering.Max {
		t.Errorf("%d wheels in %d layers", count, len(names))
	}
}
