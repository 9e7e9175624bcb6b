package main

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"reflect"
)

// compare reports how an answer differs from MLflow's own; numbers may differ by what
// rounding makes of them, and ids and times are drawn anew.
func compare(want, got string) error {
	var a, b any
	for file, into := range map[string]*any{want: &a, got: &b} {
		data, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		if err := json.Unmarshal(data, into); err != nil {
			return fmt.Errorf("%s: %w: %s", file, err, data)
		}
	}
	return differs("the answer", a, b)
}

func differs(at string, a, b any) error {
	switch a := a.(type) {
	case map[string]any:
		b, ok := b.(map[string]any)
		if !ok || len(a) != len(b) {
			break
		}
		for k, v := range a {
			if k == "id" || k == "created" || k == "created_at" {
				continue
			}
			if err := differs(at+"."+k, v, b[k]); err != nil {
				return err
			}
		}
		return nil
	case []any:
		b, ok := b.([]any)
		if !ok || len(a) != len(b) {
			break
		}
		for n := range a {
			if err := differs(fmt.Sprintf("%s[%d]", at, n), a[n], b[n]); err != nil {
				return err
			}
		}
		return nil
	case float64:
		if b, ok := b.(float64); ok && math.Abs(a-b) <= 1e-5*math.Max(1, math.Abs(a)) {
			return nil
		}
	}
	if reflect.DeepEqual(a, b) {
		return nil
	}
	return fmt.Errorf("%s is %v, and load_model(…).predict gives %v", at, b, a)
}
