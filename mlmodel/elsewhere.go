package mlmodel

import (
	"fmt"
	"strings"
)

// refuseElsewhere refuses a model whose weights are not in its directory: an image of
// it would fetch them when it starts, or have none at all.
func (r *reader) refuseElsewhere() error {
	d := r.doc
	if n := get(get(d.top, "metadata"), "mlflow.model.isExternal"); n != nil && strings.EqualFold(n.Value, "true") {
		return d.fault(n.Line, "the model is external: MLflow knows where it is (create_external_model), and has neither its weights nor its code",
			"log what it stands for with log_model, as a model of its own, and name that directory in source of [model]")
	}
	flavors := get(d.top, "flavors")
	transformers := get(flavors, "transformers")
	name := get(transformers, "source_model_name")
	if name == nil || get(transformers, "model_binary") != nil {
		return nil
	}
	if refs, ok := hubReferences(d); ok {
		r.takeHub(refs)
		return nil
	}
	if local := get(transformers, "local_base_model_path"); local != nil {
		return d.fault(local.Line, fmt.Sprintf("the model has an adapter alone: the weights below it are in %q on the machine that logged it", local.Value),
			"there, join the two (merge_and_unload() of the loaded model), log that as a model of its own, and name its directory in source of [model]")
	}
	return d.noWeights(name.Line, fmt.Sprintf("names no commit of %q on its hub", name.Value))
}

// noWeights is a fault of a model without weights, which says what is wrong with those that
// it refers to.
func (d *document) noWeights(line int, what string) *SourceError {
	return d.fault(line, "the model has no weights: it was logged with save_pretrained=False, and "+what,
		`fetch them once, into a copy of the model's directory: mlflow.transformers.persist_pretrained_model("COPY"); then name the copy in source of [model]`)
}
