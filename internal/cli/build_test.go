package cli

import (
	"testing"
	"time"

	"github.com/deployfile/deployfile/report"
)

func TestBuildSummary(t *testing.T) {
	const nowhere = "; not pushed: --push, --load or --output say where the image goes"
	for name, test := range map[string]struct {
		report.Build
		want string
	}{
		"not known":   {report.Build{}, "built in 86.5 s" + nowhere},
		"new":         {report.Build{Size: 178_885_058, Layers: 25}, "built in 86.5 s, 179MB in 25 layers" + nowhere},
		"some layers": {report.Build{Size: 178_885_058, Layers: 25, Reused: 23, Loaded: []string{"iris:1"}}, "built in 86.5 s, 179MB (23 of 25 layers as before); loaded iris:1"},
		"the same": {report.Build{Size: 178_885_058, Layers: 25, Reused: 25, Pushed: []string{"registry.example.com/iris:1"}, Written: []string{"iris.tar"}},
			"built in 86.5 s, 179MB (all 25 layers as before); pushed registry.example.com/iris:1; written to iris.tar"},
	} {
		if got := buildSummary(test.Build, 86_500*time.Millisecond); got != test.want {
			t.Errorf("%s: %q, not %q", name, got, test.want)
		}
	}
}

func TestPlatformWarning(t *testing.T) {
	if w := platformWarning("linux/amd64"); w != "" {
		t.Error(w)
	}
	if w := platformWarning("linux/arm64"); w == "" {
		t.Error("a machine that is not like most clusters gets no warning")
	}
}
