package llb

import (
	"fmt"
	"slices"

	"github.com/deployfile/deployfile/internal/layering"
)

// buckets is the number of layers that small wheels are spread over: more of them make
// a bump push less, fewer make a pull shorter.
const buckets = 16

// wheelLayers spreads the large wheels over layers, and the others over buckets by
// their names, so that one of them changes one layer whatever else there is.
func wheelLayers(wheels []Wheel) []WheelLayer {
	var large []Wheel
	small := make([]WheelLayer, buckets)
	for _, w := range wheels {
		if w.Size >= layering.Large {
			large = append(large, w)
			continue
		}
		n := layering.Bucket(w.Name, buckets)
		small[n].Name = fmt.Sprintf("bucket-%02d", n)
		small[n].Wheels = append(small[n].Wheels, w)
	}
	var out []WheelLayer
	for _, l := range layering.Spread(large, func(w Wheel) string { return w.Name }, func(w Wheel) int64 { return w.Size }) {
		name := l[0].Name
		if len(l) > 1 {
			name = fmt.Sprintf("large-%02d", layering.Bucket(name, layering.Max/2))
		}
		out = append(out, WheelLayer{Name: name, Wheels: l})
	}
	return append(out, slices.DeleteFunc(small, func(l WheelLayer) bool { return len(l.Wheels) == 0 })...)
}
