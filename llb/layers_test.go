package llb

import (
	"fmt"
	"slices"
	"testing"

	"github.com/deployfile/deployfile/toolchain"
)

type item struct {
	name string
	size int64
}

func (i item) String() string { return i.name }

func layersOf(items []item) [][]item {
	return spread(items, func(i item) string { return i.name }, func(i item) int64 { return i.size })
}

// TestSpread spreads items of many sizes: each is in one layer, and there are not many
// layers.
func TestSpread(t *testing.T) {
	for name, size := range map[string]func(n int) int64{
		"equal":     func(int) int64 { return 5 << 20 },
		"growing":   func(n int) int64 { return int64(n+1) << 22 },
		"one large": func(n int) int64 { return map[bool]int64{true: 9 << 30, false: 5 << 20}[n == 3] },
	} {
		for _, count := range []int{0, 1, maxLarge, maxLarge + 1, 140, 2000} {
			var items []item
			for n := range count {
				items = append(items, item{fmt.Sprintf("shard-%05d.bin", n), size(n)})
			}
			layers := layersOf(items)
			if len(layers) > maxLarge || count <= maxLarge && len(layers) != count {
				t.Errorf("%s: %d items in %d layers", name, count, len(layers))
			}
			all := slices.Concat(layers...)
			slices.SortFunc(all, func(a, b item) int { return slices.Index(items, a) - slices.Index(items, b) })
			if !slices.Equal(all, items) {
				t.Errorf("%s: %d items became %d", name, count, len(all))
			}
		}
	}
}

// TestSpreadMovesLittle changes one of many items: what else moves is a small part.
func TestSpreadMovesLittle(t *testing.T) {
	var items []item
	for n := range 300 {
		items = append(items, item{fmt.Sprintf("store-%03d.pkl", n), 5 << 20})
	}
	items = append(items, item{"large.bin", 2 << 30})
	before := layersOf(items)
	for _, change := range []func([]item) []item{
		func(x []item) []item { x[7].size += 1 << 20; return x },
		func(x []item) []item { return slices.Delete(x, 7, 8) },
		func(x []item) []item { return append(x, item{"store-300.pkl", 5 << 20}) },
	} {
		var moved int64
		for _, l := range layersOf(change(slices.Clone(items))) {
			if !slices.ContainsFunc(before, func(b []item) bool { return slices.Equal(b, l) }) {
				for _, i := range l {
					moved += i.size
				}
			}
		}
		if moved > 300<<20 {
			t.Errorf("%d MiB move", moved>>20)
		}
	}
}

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
	if count != len(wheels) || len(names) > maxLarge {
		t.Errorf("%d wheels in %d layers", count, len(names))
	}
}
