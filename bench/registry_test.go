package main

import "testing"

func TestPulled(t *testing.T) {
	first := image{Digest: "1", Layers: []string{"a", "b"}, Sizes: []int64{100, 20, 3}}
	second := image{Digest: "2", Layers: []string{"a", "c"}, Sizes: []int64{100, 40, 5}}
	for _, test := range []struct {
		now, has image
		want     int64
	}{{first, image{}, 123}, {first, first, 0}, {second, first, 45}} {
		if got := test.now.pulled(test.has); got != test.want {
			t.Errorf("a node with image %q pulls %d bytes of %q, want %d", test.has.Digest, got, test.now.Digest, test.want)
		}
	}
}
