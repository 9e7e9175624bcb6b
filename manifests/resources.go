package manifests

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/deployfile/deployfile/deployfile"
	"k8s.io/apimachinery/pkg/api/resource"
)

// Resources are what one instance gets, in Kubernetes' notation of quantities.
type Resources struct {
	// CPU is in cores, "2" or "500m".
	CPU string `toml:"cpu" json:"cpu,omitzero" format:"cpu"`
	// Memory is in bytes, "2Gi"; more than that ends the instance.
	Memory string `toml:"memory" json:"memory,omitzero" format:"memory"`
	// GPUs is a number of whole GPUs.
	GPUs int `toml:"gpus" json:"gpus,omitzero" min:"0"`
}

// Quantities returns the CPU and the memory, 0 where the text has none.
func (r Resources) Quantities() (cpu, memory resource.Quantity) {
	return quantity(r.CPU), quantity(r.Memory)
}

// quantity reads what checkQuantity has accepted; "" is 0.
func quantity(value string) resource.Quantity {
	q, err := resource.ParseQuantity(value)
	if err != nil {
		return resource.Quantity{}
	}
	return q
}

// quantityPattern has what occurs of
// https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/quantity/:
// with larger exponents its parser takes long or panics.
const quantityPattern = `^[+-]?([0-9]{1,18}(\.[0-9]{0,9})?|\.[0-9]{1,9})(m|k|M|G|T|P|Ki|Mi|Gi|Ti|Pi|[eE][+-]?[0-9]{1,2})?$`

// ResourceFormats returns the formats that the keys of Resources name.
func ResourceFormats() map[string]deployfile.Format {
	format := func(examples, least, most string, hint func(value string) string) deployfile.Format {
		refuse := func(key, value string) deployfile.Problem {
			return deployfile.Problem{
				Rule:    "invalid-quantity",
				Message: fmt.Sprintf("%s %q must be a quantity, such as %s", key, value, examples),
				Hint:    likelyQuantity(value),
			}
		}
		return deployfile.Format{Pattern: quantityPattern, Refuse: refuse, Check: func(key, value string) deployfile.Problem {
			amount, err := resource.ParseQuantity(value)
			switch {
			case err != nil:
				return refuse(key, value)
			case amount.Cmp(resource.MustParse(least)) < 0 || amount.Cmp(resource.MustParse(most)) > 0:
				return deployfile.Problem{
					Rule:    "out-of-range",
					Message: fmt.Sprintf("%s must be from %q to %q, but is %q", key, least, most, value),
					Hint:    hint(value),
				}
			}
			return deployfile.Problem{}
		}}
	}
	return map[string]deployfile.Format{
		"cpu": format(`"2" or "500m"`, "1m", "1M", func(string) string { return "" }),
		"memory": format(`"512Mi" or "2Gi"`, "1Mi", "1Pi", func(value string) string {
			if !strings.HasSuffix(value, "m") {
				return ""
			}
			return fmt.Sprintf(`"m" stands for thousandths: write %q`, strings.TrimSuffix(value, "m")+"Mi")
		}),
	}
}

// likelyQuantity returns the hint for an amount in another notation, such as 2GB.
func likelyQuantity(value string) string {
	parts := regexp.MustCompile(`^\s*([0-9]+(?:\.[0-9]+)?)\s*([kKmMgGtT])[iI]?[bB]?\s*$`).FindStringSubmatch(value)
	if parts == nil {
		return ""
	}
	return fmt.Sprintf("did you mean %q?", parts[1]+strings.ToUpper(parts[2])+"i")
}
