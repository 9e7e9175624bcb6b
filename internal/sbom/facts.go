package sbom

import "strings"

// fact is one property of the model's metadata.
type fact struct{ name, value string }

// facts returns MLmodel's data on the model's origin, without empty values.
func (i *inventory) facts() []fact {
	m := i.Model
	if m == nil {
		return nil
	}
	var out []fact
	for _, f := range []fact{
		{"mlflow:run-id", m.RunID},
		{"mlflow:model-id", m.ModelID},
		{"mlflow:model-uuid", m.UUID},
		{"mlflow:version", m.MLflowVersion},
		{"mlflow:flavors", strings.Join(m.Flavors, ",")},
		{"mlflow:loader", m.Loader},
		{"mlflow:python", m.Python},
		{"mlflow:logged-at", m.Created},
		{"mlflow:signature", string(m.Signature)},
	} {
		if f.value != "" {
			out = append(out, f)
		}
	}
	return out
}
