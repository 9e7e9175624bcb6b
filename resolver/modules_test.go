package resolver

import (
	"testing"

	"deps.dev/util/pypi"
)

func TestDistribution(t *testing.T) {
	for module, want := range map[string]string{"sklearn": "scikit-learn", "PIL": "pillow", "my_module": "my-module"} {
		if got := Distribution(module); got != want {
			t.Errorf("module %s is of %s, want %s", module, got, want)
		}
	}
}

func TestMeant(t *testing.T) {
	for name, want := range map[string]string{
		"sklearn": "scikit-learn", "pil": "pillow", "PyTorch": "torch", "GoogleApiClient": "google-api-python-client",
		// These are the distributions themselves.
		"levenshtein": "", "numpy": "",
	} {
		if got := Meant(name); got != want {
			t.Errorf("%s means %q, want %q", name, got, want)
		}
	}
}

// TestOtherNamesAreDistinct ensures that Meant has one answer, because it ignores case.
func TestOtherNamesAreDistinct(t *testing.T) {
	seen := map[string]string{}
	for module := range otherNames() {
		name := pypi.CanonPackageName(module)
		if other, ok := seen[name]; ok {
			t.Errorf("%s and %s are the same name of a distribution", module, other)
		}
		seen[name] = module
	}
}
