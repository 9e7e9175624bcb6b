package awscloud

import (
	"encoding/xml"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"
	"time"
)

// fieldsOf returns the fields of a request of AWS's query protocol, whose lists are
// NAME.member.1 and so on.
func fieldsOf(body []byte) (map[string]any, error) {
	form, err := url.ParseQuery(string(body))
	if err != nil {
		return nil, err
	}
	out := map[string]any{}
	for _, key := range slices.Sorted(maps.Keys(form)) {
		if key != "Action" && key != "Version" {
			set(out, strings.Split(key, "."), form.Get(key))
		}
	}
	return out, nil
}

// set sets the value at a path of a request. Numbers of lists are below ten.
func set(into map[string]any, path []string, value string) {
	name := path[0]
	switch {
	case len(path) == 1:
		into[name] = value
	case path[1] == "member" && len(path) == 3:
		list, _ := into[name].([]any)
		into[name] = append(list, value)
	case path[1] == "member":
		list, _ := into[name].([]any)
		if int(path[2][0]-'0') > len(list) {
			list = append(list, map[string]any{})
		}
		into[name] = list
		item, _ := list[len(list)-1].(map[string]any)
		set(item, path[3:], value)
	}
}

// queryAnswer writes the answer to an action of the query protocol.
func queryAnswer(action string, out any) string {
	var b strings.Builder
	element(&b, action+"Response", map[string]any{action + "Result": out})
	return b.String()
}

func element(b *strings.Builder, name string, value any) {
	fmt.Fprintf(b, "<%s>", name)
	switch value := value.(type) {
	case map[string]any:
		for _, key := range slices.Sorted(maps.Keys(value)) {
			element(b, key, value[key])
		}
	case []any:
		for _, item := range value {
			element(b, "member", item)
		}
	case float64:
		if strings.HasSuffix(name, "Date") {
			fmt.Fprint(b, time.Unix(int64(value), 0).UTC().Format(time.RFC3339))
		} else {
			fmt.Fprint(b, value)
		}
	default:
		_ = xml.EscapeText(b, fmt.Append(nil, value))
	}
	fmt.Fprintf(b, "</%s>", name)
}

// queryError writes an error of the query protocol.
func queryError(err *refusal) string {
	var b strings.Builder
	element(&b, "ErrorResponse", map[string]any{"Error": map[string]any{"Code": err.code, "Message": err.message}})
	return b.String()
}
