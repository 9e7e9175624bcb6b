package llb

import (
	"testing"

	"github.com/deployfile/deployfile/deployfile"
	"github.com/deployfile/deployfile/resolver"
)

// TestWorkingDir leaves the model's directory where a file of it would be imported in
// place of Python's or a package's.
func TestWorkingDir(t *testing.T) {
	for _, tt := range []struct {
		kind, file, want string
	}{
		{"mlflow", "model.pkl", "/opt/model"},
		{"mlflow", "matcher.py", "/opt/model"},
		{"mlflow", "humanize.py", "/"},
		{"mlflow", "humanize/__init__.py", "/"},
		{"mlflow", "humanize/data.txt", "/opt/model"},
		{"mlflow", "humanize.cpython-311-x86_64-linux-gnu.so", "/"},
		{"mlflow", "queue.py", "/"},
		{"mlflow", "code/queue.py", "/opt/model"},
		{"mlflow", "humanize.json", "/opt/model"},
		{"command", "humanize.py", "/opt/model"},
	} {
		lock := &resolver.Lock{
			Platforms: []resolver.Platform{{Name: "linux/amd64", Wheels: &resolver.WheelFiles{Modules: []string{"humanize", "mlflow"}}}},
			Model:     []resolver.ModelFile{{Path: "MLmodel"}, {Path: tt.file}},
		}
		file := &deployfile.File{Server: deployfile.Server{Kind: tt.kind}}
		if got := WorkingDir(file, lock, "linux/arm64", "linux/amd64"); got != tt.want {
			t.Errorf("kind %s with %s: %s instead of %s", tt.kind, tt.file, got, tt.want)
		}
	}
}
