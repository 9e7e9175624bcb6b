package deployfile

import (
	"fmt"
	"regexp"
	"strings"

	"k8s.io/apimachinery/pkg/api/resource"
)

func (t *targetReport) resources() {
	t.quantity(t.Resources.CPU, "cpu", `"2" or "500m"`, "1m", "1M")
	t.quantity(t.Resources.Memory, "memory", `"512Mi" or "2Gi"`, "1Mi", "1Pi")
	t.atLeast(t.Resources.GPUs, 0, "", t.at("resources", "gpus")...)
	t.named(t.Resources.GPUResource, t.like(gpuPattern), "the name of a resource with its domain", `for example "nvidia.com/gpu"`,
		"resources", "gpu-resource")
	if t.has("resources", "gpu-resource") && t.Resources.GPUs == 0 && !t.said(t.at("resources", "gpus")...) {
		path := t.at("resources", "gpu-resource")
		t.atKey(problem{
			"misplaced-key", fmt.Sprintf("%s is only for a target with GPUs", describe(path)), "remove it, or write for example: gpus = 1",
		}, path...)
	}
}

// quantity checks an amount in Kubernetes' notation, and that it is one that
// engines can count with.
func (t *targetReport) quantity(value, key, examples, least, most string) {
	if !t.has("resources", key) {
		return
	}
	path := t.at("resources", key)
	invalid := problem{
		"invalid-quantity", fmt.Sprintf("%s %q must be a quantity, such as %s", describe(path), value, examples), likelyQuantity(value),
	}
	if !t.matches(quantityPattern, value) {
		t.atValue(invalid, path...)
		return
	}
	amount, err := resource.ParseQuantity(value)
	switch {
	case err != nil:
		t.atValue(invalid, path...)
	case amount.Cmp(resource.MustParse(least)) < 0 || amount.Cmp(resource.MustParse(most)) > 0:
		p := problem{"out-of-range", fmt.Sprintf("%s must be from %q to %q, but is %q", describe(path), least, most, value), ""}
		if key == "memory" && strings.HasSuffix(value, "m") {
			p.hint = fmt.Sprintf(`"m" stands for thousandths: write %q`, strings.TrimSuffix(value, "m")+"Mi")
		}
		t.atValue(p, path...)
	}
}

// likelyQuantity is the hint for an amount in another notation, such as 2GB.
func likelyQuantity(value string) string {
	parts := regexp.MustCompile(`^\s*([0-9]+(?:\.[0-9]+)?)\s*([kKmMgGtT])[iI]?[bB]?\s*$`).FindStringSubmatch(value)
	if parts == nil {
		return ""
	}
	return fmt.Sprintf("did you mean %q?", parts[1]+strings.ToUpper(parts[2])+"i")
}
