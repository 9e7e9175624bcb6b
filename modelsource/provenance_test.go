package modelsource

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestProvenance says where a model comes from, and no credential.
func TestProvenance(t *testing.T) {
	const label = "io.github.deployfile.model."
	for _, test := range []struct {
		pin  *Pin
		want []Fact
	}{
		{nil, nil},
		{
			&Pin{
				Source: "models:/iris@champion", Resolved: "models:/iris/3", Server: "https://mlflow.internal", Location: "s3://models/1",
				Name: "iris", Version: "3", Alias: "champion", ModelID: "m-1", RunID: "abc", Experiment: "7", Commit: "c0ffee",
			},
			[]Fact{
				{label + "source", "models:/iris@champion"}, {label + "resolved", "models:/iris/3"},
				{label + "registered-name", "iris"}, {label + "registered-version", "3"}, {label + "alias", "champion"},
				{label + "id", "m-1"}, {label + "run-id", "abc"}, {label + "experiment", "7"}, {label + "commit", "c0ffee"},
			},
		},
		{
			&Pin{Source: "https://me:s3cr3t@example.com/a.tar?sig=s3cr3t", Resolved: "https://me:s3cr3t@example.com/a.tar?sig=s3cr3t#sha256=00"},
			[]Fact{{label + "source", "https://example.com/a.tar"}, {label + "resolved", "https://example.com/a.tar#sha256=00"}},
		},
		{
			&Pin{Source: "git+ssh://git@example.com/models.git", Resolved: "git+ssh://git@example.com/models.git@c0ffee"},
			[]Fact{{label + "source", "git+ssh://git@example.com/models.git"}, {label + "resolved", "git+ssh://git@example.com/models.git@c0ffee"}},
		},
	} {
		if d := cmp.Diff(test.want, test.pin.Provenance()); d != "" {
			t.Error(d)
		}
	}
}
