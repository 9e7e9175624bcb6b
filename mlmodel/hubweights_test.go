package mlmodel

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestHubReferences finds the repositories of a pipeline and of its components, each once.
func TestHubReferences(t *testing.T) {
	commit, other := strings.Repeat("a", 40), strings.Repeat("b", 40)
	const head = "flavors:\n  python_function: {loader_module: mlflow.transformers}\n  transformers:\n"
	pipeline := "    source_model_name: acme/base\n    source_model_revision: " + commit + "\n    components: [tokenizer, feature_extractor]\n" +
		"    tokenizer_name: acme/base\n    tokenizer_revision: " + commit + "\n    feature_extractor_name: gpt2\n    feature_extractor_revision: " + other + "\n"
	for name, test := range map[string]struct {
		text string
		want []HubReference
	}{
		"pipeline":  {head + pipeline, []HubReference{{"acme/base", commit}, {"gpt2", other}}},
		"weights":   {head + pipeline + "    model_binary: model\n", nil},
		"no commit": {head + strings.Replace(pipeline, other, "main", 1), nil},
		"path":      {head + strings.Replace(pipeline, "gpt2", "acme/../../x", 1), nil},
		"local":     {head + pipeline + "    local_base_model_path: /mnt\n", nil},
		"none":      {"flavors: {}\n", nil},
	} {
		got, err := HubReferences([]byte(test.text))
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if d := cmp.Diff(test.want, got); d != "" {
			t.Errorf("%s: %s", name, d)
		}
	}
}
