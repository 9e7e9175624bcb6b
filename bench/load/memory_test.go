package main

import "testing"

func TestMemory(t *testing.T) {
	shared, err := pss("/proc/self")
	if err != nil {
		t.Fatal(err)
	}
	all, err := rss("/proc/self")
	if err != nil {
		t.Fatal(err)
	}
	// Between the two calls the process may have grown.
	if shared <= 0 || all < shared/2 || all > 100*shared {
		t.Errorf("of its own memory of %d bytes, its share is %d", all, shared)
	}
}
