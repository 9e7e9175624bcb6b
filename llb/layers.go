package llb

import (
	"crypto/sha256"
	"fmt"
	"slices"
)

const (
	// largeFile is the size in bytes from which a wheel or a model file is a layer of
	// its own.
	largeFile = 4 << 20
	// buckets is the number of layers that small wheels are spread over: more of them
	// make a bump push less, fewer make a pull shorter.
	buckets = 16
	// maxLarge is the number of layers for large wheels, and again for large files of
	// the model. Engines mount at most some 125 layers, those of the base included.
	maxLarge = 32
)

// bucket is the number of the bucket that a name is in, whatever else there is.
func bucket(name string, of int) int { return int(sha256.Sum256([]byte(name))[0]) % of }

// spread puts large items into at most maxLarge layers, so that a change of one moves
// little. Each is alone if there are not more of them; else only those that make up a
// good part of all bytes are, and the others are in buckets by their names.
func spread[T any](items []T, name func(T) string, size func(T) int64) [][]T {
	const half = maxLarge / 2
	var total int64
	for _, i := range items {
		total += size(i)
	}
	var alone [][]T
	shared := make([][]T, half)
	for _, i := range items {
		if len(items) <= maxLarge || size(i) >= total/half {
			alone = append(alone, []T{i})
			continue
		}
		n := bucket(name(i), half)
		shared[n] = append(shared[n], i)
	}
	return append(alone, slices.DeleteFunc(shared, func(l []T) bool { return len(l) == 0 })...)
}

// wheelLayers spreads the large wheels over layers, and the others over buckets by
// their names, so that one of them changes one layer whatever else there is.
func wheelLayers(wheels []Wheel) []WheelLayer {
	var large []Wheel
	small := make([]WheelLayer, buckets)
	for _, w := range wheels {
		if w.Size >= largeFile {
			large = append(large, w)
			continue
		}
		n := bucket(w.Name, buckets)
		small[n].Name = fmt.Sprintf("bucket-%02d", n)
		small[n].Wheels = append(small[n].Wheels, w)
	}
	var out []WheelLayer
	for _, l := range spread(large, func(w Wheel) string { return w.Name }, func(w Wheel) int64 { return w.Size }) {
		name := l[0].Name
		if len(l) > 1 {
			name = fmt.Sprintf("large-%02d", bucket(name, maxLarge/2))
		}
		out = append(out, WheelLayer{Name: name, Wheels: l})
	}
	return append(out, slices.DeleteFunc(small, func(l WheelLayer) bool { return len(l.Wheels) == 0 })...)
}
