package deployfile

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"reflect"
	"slices"
	"strconv"
	"time"
)

// ModelConfigVariable is the environment variable by which MLflow's server overrides
// the configuration of a model, as JSON (mlflow.pyfunc.scoring_server).
const ModelConfigVariable = "SERVING_MODEL_CONFIG"

// modelConfigKey is the key of [server] and of targets.
const modelConfigKey = "model-config"

// ModelConfig is a configuration of the model, by the names that its code asks for.
type ModelConfig map[string]any

// JSON returns the configuration as JSON on one line, with its keys sorted; "" if it
// is empty.
func (c ModelConfig) JSON() string {
	if len(c) == 0 {
		return ""
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(map[string]any(c)); err != nil {
		// The decoder makes nothing else than JSON has.
		panic(err)
	}
	return string(bytes.TrimSpace(b.Bytes()))
}

// UnmarshalJSON keeps numbers as they are written.
func (c *ModelConfig) UnmarshalJSON(data []byte) error {
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	return d.Decode((*map[string]any)(c))
}

// anything decodes a TOML value of any type that JSON has.
func (r *report) anything(path []string, value any) any {
	switch v := value.(type) {
	case string:
		return r.expand(v, path)
	case float64:
		if !math.IsInf(v, 0) && !math.IsNaN(v) {
			return v
		}
	case bool, int64:
		return v
	case map[string]any:
		out := make(map[string]any, len(v))
		for _, name := range slices.Sorted(maps.Keys(v)) {
			out[name] = r.anything(join(path, name), v[name])
		}
		return out
	case time.Time:
	default:
		list := reflect.ValueOf(value)
		out := make([]any, list.Len())
		for i := range out {
			out[i] = r.anything(join(path, strconv.Itoa(i)), list.Index(i).Interface())
		}
		return out
	}
	if !r.full() {
		r.atValue(Problem{"wrong-type", fmt.Sprintf("%s is %s, which JSON lacks", describe(path), tomlTypeName(value)), "put it in quotes"}, path...)
	}
	return nil
}

// validateModelConfig refuses a configuration beside the variable that it becomes.
func (r *report) validateModelConfig(f *File) {
	both := func(config ModelConfig, env map[string]string, path ...string) {
		if _, set := env[ModelConfigVariable]; set && len(config) > 0 {
			r.atKey(Problem{"conflict", "model-config becomes " + ModelConfigVariable + ", which env sets, too", "leave out one of the two"}, join(path, modelConfigKey)...)
		}
	}
	both(f.Server.ModelConfig, f.Environment.Env, "server")
	for _, name := range slices.Sorted(maps.Keys(f.Targets)) {
		if s := f.Targets[name].server(); s != nil {
			both(s.ModelConfig, s.Env, "targets", name)
		}
	}
}
