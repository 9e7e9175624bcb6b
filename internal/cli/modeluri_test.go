package cli

import "testing"

func TestNameOfURI(t *testing.T) {
	for uri, want := range map[string]string{
		"models:/iris/3":                                   "iris",
		"models:/My Iris@champion":                         "my-iris",
		"models:/m-0123abc":                                "m-0123abc",
		"runs:/0123/sub/model":                             "model",
		"mlflow-artifacts:/1/models/m-1/artifacts":         "artifacts",
		"s3://bucket/models/iris/":                         "iris",
		"https://example.com/iris-1.0.tar.gz?x=1":          "iris-1-0",
		"hf://org/iris@main":                               "iris",
		"git+https://example.com/repo.git@main#models/rio": "rio",
		"git+https://example.com/repo.git@main":            "repo",
		"oci://registry.example.com/team/iris:1":           "iris",
		"oci://registry.example.com/team/iris@sha256:0123": "iris",
		"oci://registry.example.com:5000/iris":             "iris",
		"x:/":                                              "model",
	} {
		if got := nameOfURI(uri); got != want {
			t.Errorf("%s: %q, want %q", uri, got, want)
		}
	}
}
