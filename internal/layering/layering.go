// Package layering decides which files have a layer of their own. Images and model
// artifacts ask it, so that a layer of one is a layer of the other.
package layering

import (
	"crypto/sha256"
	"slices"
)

const (
	// Large is the size in bytes from which a wheel or a model file is a layer of
	// its own.
	Large = 4 << 20
	// Max is the number of layers for large wheels, and again for large files of
	// the model. Engines mount at most some 125 layers, those of the base included.
	Max = 32
)

// Bucket is the number of the bucket that a name is in, whatever else there is.
func Bucket(name string, of int) int { return int(sha256.Sum256([]byte(name))[0]) % of }

// Spread puts large items into at most Max layers, so that a change of one moves
// little. Each is alone if there are not more of them; else only those that make up a
// good part of all bytes are, and the others are in buckets by their names.
func Spread[T any](items []T, name func(T) string, size func(T) int64) [][]T {
	const half = Max / 2
	var total int64
	for _, i := range items {
		total += size(i)
	}
	var alone [][]T
	shared := make([][]T, half)
	for _, i := range items {
		if len(items) <= Max || size(i) >= total/half {
			alone = append(alone, []T{i})
			continue
		}
		n := Bucket(name(i), half)
		shared[n] = append(shared[n], i)
	}
	return append(alone, slices.DeleteFunc(shared, func(l []T) bool { return len(l) == 0 })...)
}
