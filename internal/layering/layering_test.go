package layering

import (
	"fmt"
	"slices"
	"testing"
)

type item struct {
	name string
	size int64
}

func (i item) String() string { return i.name }

func layersOf(items []item) [][]item {
	return Spread(items, func(i item) string { return i.name }, func(i item) int64 { return i.size })
}

// TestSpread spreads items of many sizes: each is in one layer, and there are not many
// layers.
func TestSpread(t *testing.T) {
	for name, size := range map[string]func(n int) int64{
		"equal":     func(int) int64 { return 5 << 20 },
		"growing":   func(n int) int64 { return int64(n+1) << 22 },
		"one large": func(n int) int64 { return map[bool]int64{true: 9 << 30, false: 5 << 20}[n == 3] },
	} {
		for _, count := range []int{0, 1, Max, Max + 1, 140, 2000} {
			var items []item
			for n := range count {
				items = append(items, item{fmt.Sprintf("shard-%05d.bin", n), size(n)})
			}
			layers := layersOf(items)
			if len(layers) > Max || count <= Max && len(layers) != count {
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
