package awscloud

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"strings"

	"github.com/aws/smithy-go/encoding/cbor"
)

// CloudWatch speaks CBOR, which the cloud translates to JSON and back.

// jsonOf returns a request in CBOR as JSON.
func jsonOf(body []byte) ([]byte, error) {
	value, err := cbor.Decode(body)
	if err != nil {
		return nil, err
	}
	return json.Marshal(plain(value))
}

func plain(value cbor.Value) any {
	switch value := value.(type) {
	case cbor.Map:
		out := map[string]any{}
		for key, v := range value {
			out[key] = plain(v)
		}
		return out
	case cbor.List:
		out := []any{}
		for _, v := range value {
			out = append(out, plain(v))
		}
		return out
	case cbor.NegInt:
		return -float64(value)
	}
	return value // a kind of text, number or truth
}

func packed(value any) cbor.Value {
	switch value := value.(type) {
	case map[string]any:
		out := cbor.Map{}
		for key, v := range value {
			out[key] = packed(v)
			if n, ok := v.(float64); ok && key != "Threshold" {
				out[key] = cbor.Uint(n) // all others are whole
			}
		}
		return out
	case []any:
		out := cbor.List{}
		for _, v := range value {
			out = append(out, packed(v))
		}
		return out
	case float64:
		return cbor.Float64(value)
	case bool:
		return cbor.Bool(value)
	}
	return cbor.String(fmt.Sprint(value))
}

// answerCBOR answers as CloudWatch does.
func (c *Cloud) answerCBOR(w http.ResponseWriter, out any, err error) {
	w.Header().Set("Smithy-Protocol", "rpc-v2-cbor")
	w.Header().Set("Content-Type", "application/cbor")
	var refused *refusal
	if errors.As(err, &refused) {
		w.WriteHeader(refused.status)
		out = map[string]any{"__type": refused.code, "message": refused.message}
	}
	if out == nil {
		out = map[string]any{}
	}
	_, _ = w.Write(cbor.Encode(packed(out)))
}

func (c *Cloud) putAlarm(in map[string]any) (any, error) {
	actions, _ := in["AlarmActions"].([]any)
	for _, a := range actions {
		if !strings.HasPrefix(fmt.Sprint(a), c.scalingARN("policy", "endpoint/")) {
			return nil, invalid("Invalid arn syntax: %v", a)
		}
	}
	c.alarms[text(in, "AlarmName")] = maps.Clone(in)
	return nil, nil
}

func (c *Cloud) describeAlarms(in map[string]any) (any, error) {
	out := []any{}
	names, _ := in["AlarmNames"].([]any)
	for _, name := range names {
		if a := c.alarms[fmt.Sprint(name)]; a != nil {
			out = append(out, a)
		}
	}
	return map[string]any{"MetricAlarms": out}, nil
}

func (c *Cloud) deleteAlarms(in map[string]any) (any, error) {
	names, _ := in["AlarmNames"].([]any)
	for _, name := range names {
		if c.alarms[fmt.Sprint(name)] == nil {
			return nil, &refusal{http.StatusNotFound, "ResourceNotFound", fmt.Sprintf("Unknown alarm: %v", name)}
		}
		delete(c.alarms, fmt.Sprint(name))
	}
	return nil, nil
}
