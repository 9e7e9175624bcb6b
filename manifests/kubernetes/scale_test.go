package kubernetes

import "testing"

func TestShares(t *testing.T) {
	for _, x := range []struct{ pods, weight, beside, share int }{
		{1, 10, 1, 1}, {3, 10, 1, 1}, {9, 10, 1, 1}, {18, 10, 2, 2}, {10, 50, 10, 5}, {2, 90, 18, 2}, {10, 0, 1, 1}, {4, 100, 4, 4}, {0, 10, 1, 1},
	} {
		if got := besideFor(x.pods, x.weight); got != x.beside {
			t.Errorf("beside %d pods, %d%%: %d, want %d", x.pods, x.weight, got, x.beside)
		}
		if got := shareOf(x.pods, x.weight); got != x.share {
			t.Errorf("%d%% of %d pods: %d, want %d", x.weight, x.pods, got, x.share)
		}
	}
}
