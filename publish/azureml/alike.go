package azureml

import (
	"reflect"
	"strconv"
	"strings"
	"time"
)

// alike returns of what is there the fields that are wanted, as they are wanted if Azure
// only writes them in another way: it adds defaults and variables of its own, and changes
// the case of ids and the form of times.
func alike(wanted, there any) any { return alikeAt("", wanted, there) }

func alikeAt(key string, wanted, there any) any {
	switch there := there.(type) {
	case map[string]any:
		fields, ok := wanted.(map[string]any)
		if !ok {
			return there
		}
		out := map[string]any{}
		for name, value := range there {
			want, known := fields[name]
			if key == "userAssignedIdentities" {
				name, want, known = folded(name, fields)
			}
			switch {
			case known:
				out[name] = alikeAt(name, want, value)
			case says(key, name, value):
				out[name] = value
			}
		}
		return out
	case []any:
		want, ok := wanted.([]any)
		if !ok || len(want) != len(there) {
			return there
		}
		out := make([]any, len(there))
		for i := range there {
			out[i] = alikeAt(key, want[i], there[i])
		}
		return out
	case string:
		want, ok := wanted.(string)
		if ok && same(key, want, there) {
			return want
		}
	}
	return there
}

// folded finds a field whose name may have other letters in upper case.
func folded(name string, fields map[string]any) (string, any, bool) {
	for known, value := range fields {
		if strings.EqualFold(known, name) {
			return known, value, true
		}
	}
	return name, nil, false
}

// says reports whether a field that is not wanted was set by somebody.
func says(within, name string, value any) bool {
	switch within {
	case "traffic", "mirrorTraffic":
		return value != 0.0
	case "environmentVariables":
		return !strings.HasPrefix(name, "AZUREML_") && !strings.HasPrefix(name, "AML_")
	case "userAssignedIdentities":
		return true
	}
	switch name {
	case "model", "modelMountPath", "codeConfiguration", "dataCollector":
		return value != nil
	}
	return false
}

// same reports whether two texts say the same.
func same(key, a, b string) bool {
	switch key {
	case "environmentId", "instanceType", "type", "authMode", "publicNetworkAccess", "egressPublicNetworkAccess", "endpointComputeType", "scaleType":
		return strings.EqualFold(strings.TrimPrefix(a, "azureml:"), strings.TrimPrefix(b, "azureml:"))
	}
	first, ok := parseDuration(a)
	second, too := parseDuration(b)
	return ok && too && first == second
}

// parseDuration returns a time such as PT1M30S.
func parseDuration(text string) (time.Duration, bool) {
	text, ok := strings.CutPrefix(text, "PT")
	if !ok || text == "" {
		return 0, false
	}
	all := time.Duration(0)
	for text != "" {
		at := strings.IndexAny(text, "HMS")
		if at < 0 {
			return 0, false
		}
		n, err := strconv.ParseFloat(text[:at], 64)
		if err != nil {
			return 0, false
		}
		unit := map[byte]time.Duration{'H': time.Hour, 'M': time.Minute, 'S': time.Second}[text[at]]
		all += time.Duration(n * float64(unit))
		text = text[at+1:]
	}
	return all, true
}

// differs reports whether what is there is not as it is wanted.
func differs(wanted, there any) bool {
	want, err := tree(wanted)
	if err != nil {
		return true
	}
	have, err := tree(there)
	return err != nil || !reflect.DeepEqual(want, alike(want, have))
}
