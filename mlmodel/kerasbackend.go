package mlmodel

import "slices"

// kerasBackend is the variable by which Keras 3 chooses what computes; without it,
// importing keras fails where TensorFlow is missing.
const kerasBackend = "KERAS_BACKEND"

// readKerasBackend takes the backend with which MLflow's keras flavor saved the model:
// MLflow refuses to load it with another one, and sets none itself.
func (r *reader) readKerasBackend() {
	n := get(get(get(r.doc.top, "flavors"), "keras"), "keras_backend")
	if n == nil || !slices.Contains([]string{"jax", "tensorflow", "torch"}, n.Value) || r.model.Variables[kerasBackend] != "" {
		return
	}
	if r.model.Variables == nil {
		r.model.Variables = map[string]string{}
	}
	r.model.Variables[kerasBackend] = n.Value
}
