package kubernetes

import "testing"

func TestRemovedLog(t *testing.T) {
	for text, want := range map[string]bool{
		// Kubernetes 1.35.4.
		"unable to retrieve container logs for containerd://da50b766b23b0db9d79706ae3252e85cf820cda924b1d873bed804abab87a3cd": true,
		"ModuleNotFoundError: No module named 'missing'":                                                                      false,
		"unable to retrieve container logs for containerd://da50\nmore":                                                       false,
	} {
		if got := removedLog(text); got != want {
			t.Errorf("%q: %v", text, got)
		}
	}
}
