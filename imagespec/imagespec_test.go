package imagespec

import (
	"slices"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/util/validation"
)

func TestPrefixesAreOneDomain(t *testing.T) {
	domain := strings.Split(strings.TrimSuffix(KubernetesPrefix, "/"), ".")
	slices.Reverse(domain)
	if got := strings.Join(domain, ".") + "."; got != LabelPrefix {
		t.Errorf("%s in reverse is %s, and not %s", KubernetesPrefix, got, LabelPrefix)
	}
	if wrong := validation.IsQualifiedName(KubernetesPrefix + "image"); len(wrong) > 0 {
		t.Errorf("%simage: %s", KubernetesPrefix, wrong)
	}
}
