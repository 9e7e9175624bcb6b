package azurecloud

import (
	"strings"
	"testing"
)

// A request that Azure would not take, and an answer that it would not give, are found.
func TestShapes(t *testing.T) {
	const good = `{"location": "westeurope", "identity": {"type": "SystemAssigned"}, "properties": {"authMode": "Key"}}`
	put := shapes()["put endpoint"]
	if err := put.asked([]byte(good)); err != nil {
		t.Error(err)
	}
	for name, x := range map[string]struct{ old, with, says string }{
		"unknown":   {`"authMode"`, `"mode": 1, "authMode"`, "in Azure's types"},
		"no word":   {`"Key"`, `"Keys"`, `"Keys" is no EndpointAuthMode of ["AADToken"`},
		"missing":   {`{"type": "SystemAssigned"}`, `{}`, "[identity type] is missing"},
		"read-only": {`"authMode"`, `"scoringUri": "x", "authMode"`, "[properties scoringUri] is Azure's to set"},
		"number":    {`"westeurope"`, `1`, "cannot unmarshal"},
	} {
		t.Run(name, func(t *testing.T) {
			if err := put.asked([]byte(strings.Replace(good, x.old, x.with, 1))); err == nil || !strings.Contains(err.Error(), x.says) {
				t.Errorf("%v, want %s", err, x.says)
			}
		})
	}
	if err := put.answered(answer{body: map[string]any{"properties": map[string]any{"authMode": "None"}}}, nil); err == nil {
		t.Error("an answer with another word passes")
	}
	if err := put.answered(answer{}, invalid("no")); err != nil {
		t.Error(err)
	}
	if err := shapes()["delete endpoint"].answered(answer{body: map[string]any{"x": 1}}, nil); err == nil {
		t.Error("an answer that should have no body has one")
	}
}
