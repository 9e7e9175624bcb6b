package azureml

import (
	"strings"
	"time"

	"github.com/deployfile/deployfile/deployfile"
)

// formats returns the formats of the keys.
func formats() map[string]deployfile.Format {
	return map[string]deployfile.Format{
		"subscription": {
			Pattern: `^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}$`, Longest: 36, Want: "the id of a subscription, 32 hexadecimal digits in five groups",
			Hint: deployfile.Always("az account show has it as id"),
		},
		"azure-cloud":    {Pattern: `^[A-Za-z][A-Za-z0-9-]*$`, Longest: 64, Rule: "invalid-value", Want: `"public", "china", "government", or the name of another cloud`},
		"resource-group": {Pattern: `^[A-Za-z0-9_()-]([A-Za-z0-9_().-]*[A-Za-z0-9_()-])?$`, Longest: 90, Want: "the name of a resource group"},
		"workspace":      {Pattern: `^[A-Za-z0-9][A-Za-z0-9_-]{2,32}$`, Longest: 33, Want: "the name of a workspace, 3 to 33 letters, digits, hyphens and underscores"},
		"instance-type": {
			Pattern: `^Standard_[A-Za-z0-9]+(_[A-Za-z0-9]+)*$`, Longest: 64, Rule: "invalid-value", Want: "a size of Azure's virtual machines",
			Hint: hintInstanceType,
		},
		"identity": {
			Pattern: `^(system|/subscriptions/[0-9a-fA-F-]{36}/resource[gG]roups/[A-Za-z0-9_().-]+/providers/Microsoft\.ManagedIdentity/userAssignedIdentities/[A-Za-z0-9_-]+)$`, Longest: 512,
			Want: `"system" or the resource id of a user-assigned identity`,
			Hint: deployfile.Always("az identity show has it as id"),
		},
		"request-timeout": {Pattern: ".", Valid: between(time.Second, 3*time.Minute), Rule: "invalid-value", Want: `a time from "1s" to "3m" in whole seconds`},
		"startup-timeout": {Pattern: ".", Valid: between(30*time.Second, time.Hour), Rule: "invalid-value", Want: `a time from "30s" to "1h" in whole seconds`},
		"wait":            {Pattern: ".", Valid: wholeMinutes, Rule: "invalid-value", Want: `a time from "1m" to "24h" in whole minutes`},
		"azure-tag": {
			Pattern: `^[A-Za-z0-9 _.:=+@-]+$`, Longest: 128, Valid: validTag, Called: "tag key",
			Want: `letters, digits, spaces and "_.:=+-@", and not begin with "deployfile", "microsoft", "azure" or "windows"`,
		},
		"azure-tag-value": {Pattern: `^[A-Za-z0-9 _.:/=+@-]*$`, Longest: 256, Rule: "invalid-value", Want: `letters, digits, spaces and "_.:/=+-@"`},
	}
}

func hintInstanceType(value, _ string) string {
	if value != "" && !strings.HasPrefix(value, "Standard_") && !strings.ContainsAny(value, " .") {
		if strings.HasPrefix(strings.ToLower(value), "standard_") {
			return `write "Standard_` + value[len("standard_"):] + `"`
		}
		return `write "Standard_` + value + `"`
	}
	return `for example "Standard_DS3_v2"`
}

func between(least, most time.Duration) func(string) bool {
	return func(value string) bool {
		d, err := time.ParseDuration(value)
		return err == nil && d >= least && d <= most && d%time.Second == 0
	}
}

// validTag refuses what Azure and deployfile keep for themselves.
func validTag(key string) bool {
	lower := strings.ToLower(key)
	for _, prefix := range []string{"deployfile", "microsoft", "azure", "windows"} {
		if strings.HasPrefix(lower, prefix) {
			return false
		}
	}
	return strings.TrimSpace(key) != ""
}

func wholeMinutes(value string) bool {
	d, err := time.ParseDuration(value)
	return err == nil && d >= time.Minute && d <= 24*time.Hour && d%time.Minute == 0
}
