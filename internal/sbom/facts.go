package sbom

import (
	"strings"

	"github.com/deployfile/deployfile/imagespec"
)

// fact is one property of the model's metadata.
type fact struct{ name, value string }

// facts returns MLmodel's data on the model's origin, and the lock's, without empty
// values.
func (i *inventory) facts() []fact {
	var out []fact
	if m := i.Model; m != nil {
		out = append(out,
			fact{"mlflow:run-id", m.RunID},
			fact{"mlflow:model-id", m.ModelID},
			fact{"mlflow:model-uuid", m.UUID},
			fact{"mlflow:version", m.MLflowVersion},
			fact{"mlflow:flavors", strings.Join(m.Flavors, ",")},
			fact{"mlflow:loader", m.Loader},
			fact{"mlflow:python", m.Python},
			fact{"mlflow:logged-at", m.Created},
			fact{"mlflow:signature", string(m.Signature)},
		)
	}
	for _, f := range i.Origin.Provenance() {
		out = append(out, fact{"deployfile:" + strings.TrimPrefix(f.Label, imagespec.LabelPrefix), f.Value})
	}
	if i.Origin != nil {
		out = append(out, fact{"deployfile:model.server", i.Origin.Server}, fact{"deployfile:model.location", location(i.Origin.Location)})
	}
	var said []fact
	for _, f := range out {
		if f.value != "" {
			said = append(said, f)
		}
	}
	return said
}

// location returns the URI of the model's files, without what may be a credential. It is
// "" for a directory of a machine.
func location(uri string) string {
	scheme, _, ok := strings.Cut(uri, ":")
	switch {
	case !ok || scheme == "file" || strings.ContainsAny(scheme, `/\`):
		return ""
	case scheme == "http" || scheme == "https":
		return publicURL(uri)
	}
	return uri
}
