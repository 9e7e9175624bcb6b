package llb

import (
	"slices"
	"testing"

	"github.com/deployfile/deployfile/imagespec"
)

// Whatever names the model's directory names the one that SageMaker mounts.
func TestWithModelData(t *testing.T) {
	for dir, want := range map[string]string{imagespec.ModelDir: "/opt/ml/model", "/": "/"} {
		p := &Plan{
			Model:  ModelPlan{Dir: "model"},
			Config: ConfigPlan{Env: []string{"HF_HUB_CACHE=" + imagespec.ModelHubDir, "HOME=/tmp", "X=/opt/models=1"}, Cmd: []string{"serve"}, WorkingDir: dir},
		}
		p.WithModelData()
		c := p.Config
		if want := []string{"MODEL_PATH=/opt/ml/model", "HF_HUB_CACHE=/opt/ml/model/deployfile-hub", "HOME=/tmp", "X=/opt/models=1"}; !slices.Equal(c.Env, want) {
			t.Errorf("the variables are %q, want %q", c.Env, want)
		}
		if p.Model.Dir != "" || c.WorkingDir != "/" || !slices.Equal(c.Cmd, []string{"serve"}) || c.Entrypoint[0] != "/opt/venv/bin/python" || c.Entrypoint[len(c.Entrypoint)-1] != want {
			t.Errorf("%+v", p)
		}
	}
}
