package cli

import (
	"strings"
	"testing"

	"github.com/deployfile/deployfile/llb"
	"github.com/deployfile/deployfile/resolver"
	"github.com/deployfile/deployfile/toolchain"
	"github.com/google/go-cmp/cmp"
)

// planOfWheels has a large wheel, small ones, and a model with a large file.
func planOfWheels() *llb.Plan {
	wheel := func(name string, size int64) llb.Wheel {
		return llb.Wheel{Name: name, Version: "1.0", Download: toolchain.Download{Size: size}}
	}
	p := &llb.Plan{Platform: "linux/amd64", Base: resolver.Image{Ref: "python:3.11-slim"}, Toolchain: resolver.Image{Ref: "python:3.11"}}
	p.Layers = []llb.WheelLayer{
		{Name: "numpy", Wheels: []llb.Wheel{wheel("numpy", 18e6)}},
		{Name: "bucket-07", Wheels: []llb.Wheel{wheel("annotated-types", 1e5), wheel("blinker", 1e5), wheel("click", 1e5), wheel("itsdangerous", 1e5), wheel("typing-extensions", 1e5)}},
	}
	p.SystemPackages = []resolver.SystemPackage{{Name: "libgomp1", Version: "12", Download: toolchain.Download{Size: 1e5}}}
	p.Server.Kind = "mlflow"
	p.Model.Large = []string{"model.skops"}
	p.Model.Files = []resolver.ModelFile{{Path: "MLmodel", Size: 1000}, {Path: "model.skops", Size: 4e7}}
	return p
}

// A plan is a line for each layer, within the width of the screen, and totals.
func TestPlanTable(t *testing.T) {
	var b strings.Builder
	if err := planTable(&b, planOfWheels(), 80); err != nil {
		t.Fatal(err)
	}
	const want = `LAYER                SIZE   CONTENTS
base                 -      python:3.11-slim
Debian packages      100kB  libgomp1 12
virtual environment  -      
numpy                18MB   numpy 1.0
small wheels 7       500kB  annotated-types 1.0, blinker 1.0 and 3 more
start command        -      mlflow
model                1kB    MLmodel
model                40MB   model.skops

linux/amd64: 6 packages (18.5MB) in 2 layers; model: 2 files (40MB)
`
	if d := cmp.Diff(want, b.String()); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
}

// The graph has sizes, and one edge from the toolchain to all wheels.
func TestPlanGraph(t *testing.T) {
	for language, want := range map[string]string{
		graphMermaid: `flowchart LR
  n0["toolchain<br>python#58;3.11"]
  n1["base<br>python#58;3.11-slim"]
  n2["Debian packages, 100kB<br>libgomp1 12"]
  n3["virtual environment"]
  subgraph wheels
  n4["numpy, 18MB<br>numpy 1.0"]
  n5["small wheels 7, 500kB<br>annotated-types 1.0<br>blinker 1.0<br>click 1.0<br>itsdangerous 1.0<br>and 1 more"]
  end
  n6["start command<br>mlflow"]
  n7["model, 1kB<br>MLmodel"]
  n8["model, 40MB<br>model.skops"]
  n9["image<br>linux/amd64"]
  n0 -.-> wheels
  n1 --> n2
  n2 --> n9
  n3 --> n9
  n4 --> n9
  n5 --> n9
  n6 --> n9
  n7 --> n9
  n8 --> n9
`,
		graphDot: `digraph plan {
  rankdir=LR;
  compound=true;
  node [shape=box];
  n0 [label="toolchain\npython:3.11"];
  n1 [label="base\npython:3.11-slim"];
  n2 [label="Debian packages, 100kB\nlibgomp1 12"];
  n3 [label="virtual environment"];
  subgraph cluster_wheels {
  label=wheels;
  n4 [label="numpy, 18MB\nnumpy 1.0"];
  n5 [label="small wheels 7, 500kB\nannotated-types 1.0\nblinker 1.0\nclick 1.0\nitsdangerous 1.0\nand 1 more"];
  }
  n6 [label="start command\nmlflow"];
  n7 [label="model, 1kB\nMLmodel"];
  n8 [label="model, 40MB\nmodel.skops"];
  n9 [label="image\nlinux/amd64"];
  n0 -> n4 [style=dashed, lhead=cluster_wheels];
  n1 -> n2;
  n2 -> n9;
  n3 -> n9;
  n4 -> n9;
  n5 -> n9;
  n6 -> n9;
  n7 -> n9;
  n8 -> n9;
}
`,
	} {
		if d := cmp.Diff(want, string(drawPlan(planOfWheels(), language))); d != "" {
			t.Errorf("%s (-want +got):\n%s", language, d)
		}
	}
}
