package sizes

import (
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/deployfile/deployfile/llb"
	"github.com/deployfile/deployfile/report"
	"github.com/deployfile/deployfile/resolver"
	"github.com/google/go-cmp/cmp"
)

func example() report.Sizes {
	p := &llb.Plan{Platform: "linux/amd64", Base: resolver.Image{Ref: "python:3.11-slim"}, Model: llb.ModelPlan{
		Dir: "model", Files: []resolver.ModelFile{{Path: "MLmodel", Size: 1000}, {Path: "model.pkl", Size: 3000}},
	}}
	layer := llb.WheelLayer{Name: "bucket-01"}
	for _, name := range []string{"torch", "nvidia-nccl", "numpy", "mlflow-skinny", "pandas", "only-by-extra"} {
		layer.Wheels = append(layer.Wheels, llb.Wheel{Name: name, Version: "1"})
	}
	p.Layers = []llb.WheelLayer{layer}
	p.SystemPackages = []resolver.SystemPackage{{Name: "libgomp1"}}
	p.SystemPackages[0].Size = 10
	return Of(p, []string{"mlflow==3.1.0", "Torch>=2 ; sys_platform == 'linux'", "absent ; sys_platform == 'win32'"}, &resolver.Sizes{
		Trees: []int64{100_000, 100_050},
		Wheels: []resolver.WheelSize{
			{Name: "torch", Size: 500, Installed: 5000, Requires: []string{"numpy", "nvidia.nccl==1 ; platform_system == 'Linux'", `only-by-extra ; extra == "more"`}},
			{Name: "nvidia-nccl", Size: 200, Installed: 2000},
			{Name: "numpy", Size: 30, Installed: 300},
			{Name: "mlflow-skinny", Size: 10, Installed: 100},
			{Name: "pandas", Size: 20, Installed: 200, Requires: []string{"numpy>=1"}},
			{Name: "only-by-extra", Unread: "only-by-extra: its server sends no parts of files"},
		},
	})
}

func TestTree(t *testing.T) {
	want := `linux/amd64                                                     to fetch  installed
the image                                                          770B    111.7kB
base python:3.11-slim                                                 -      100kB
Torch>=2 ; sys_platform == 'linux'                                 730B      7.3kB
├─ nvidia-nccl 1                                                   200B        2kB
└─ numpy 1                                                          30B       300B
model model                                                           -        4kB
├─ model.pkl                                                          -        3kB
└─ MLmodel                                                            -        1kB
the server                                                          20B       200B
├─ pandas 1                                                         20B       200B
└─ only-by-extra 1                                                    -          -
mlflow==3.1.0                                                       10B       100B
Debian packages                                                     10B        50B

layer torch 1, nvidia-nccl 1, numpy 1, mlflow-skinny 1, pandas 1, …      760B      7.6kB
not measured: only-by-extra: its server sends no parts of files
`
	got := Text(example())
	squeeze := func(s string) string {
		var out []string
		for line := range strings.Lines(s) {
			out = append(out, strings.Join(strings.Fields(line), " "))
		}
		return strings.Join(out, "\n")
	}
	if d := cmp.Diff(squeeze(want), squeeze(got)); d != "" {
		t.Errorf("-want +got:\n%s\n%s", d, got)
	}
}

// Each byte is counted once: the parts add up to the whole.
func TestPartsAddUp(t *testing.T) {
	var check func(report.Part) int64
	check = func(p report.Part) int64 {
		inner := int64(0)
		for _, q := range p.Parts {
			inner += check(q)
		}
		if inner > p.Installed {
			t.Errorf("the parts of %s have %d bytes, and it has %d", p.Name, inner, p.Installed)
		}
		own := int64(0)
		for _, l := range leaves(p) {
			own += l.Installed
		}
		if own != p.Installed {
			t.Errorf("the leaves of %s have %d bytes, and it has %d", p.Name, own, p.Installed)
		}
		return p.Installed
	}
	s, total := example(), int64(0)
	for _, p := range s.Parts {
		total += check(p)
	}
	if total != s.Installed || total != 100_050+7600+4000 {
		t.Errorf("the parts have %d bytes, and the image %d", total, s.Installed)
	}
}

// A treemap fills its rectangle: no part leaves it, and areas are as the values.
func TestSquarified(t *testing.T) {
	for _, values := range [][]float64{{1}, {3, 2, 1}, {1000, 1, 1, 1}, {5, 5, 5, 5, 5, 5, 5}, {900, 40, 30, 20, 5, 4, 1}} {
		whole := rectangle{10, 20, 300, 200}
		total, area := 0.0, 0.0
		for _, v := range values {
			total += v
		}
		places := squarified(values, whole)
		if len(places) != len(values) {
			t.Fatalf("%d places for %v", len(places), values)
		}
		for n, r := range places {
			if r.x < whole.x-1e-6 || r.y < whole.y-1e-6 || r.x+r.w > whole.x+whole.w+1e-6 || r.y+r.h > whole.y+whole.h+1e-6 {
				t.Errorf("%v: %v leaves %v", values, r, whole)
			}
			if want := whole.w * whole.h * values[n] / total; math.Abs(r.w*r.h-want) > 1e-6*want {
				t.Errorf("%v: %v has the area %f, want %f", values, r, r.w*r.h, want)
			}
			for _, other := range places[:n] {
				if math.Min(r.x+r.w, other.x+other.w)-math.Max(r.x, other.x) > 1e-6 && math.Min(r.y+r.h, other.y+other.h)-math.Max(r.y, other.y) > 1e-6 {
					t.Errorf("%v: %v and %v overlap", values, r, other)
				}
			}
			area += r.w * r.h
		}
		if math.Abs(area-whole.w*whole.h) > 1e-3 {
			t.Errorf("%v: the places have the area %f", values, area)
		}
	}
}

func TestRequired(t *testing.T) {
	for text, want := range map[string][]string{
		"numpy": {"numpy"}, "Py_Arrow>=1,<2": {"py-arrow"}, "uvicorn[Standard,x_y]>=1 ; extra == 'z'": {"uvicorn", "standard", "x-y"},
		"tool @ https://example.com/x.whl": {"tool"}, "": {""}, "./wheels/x.whl": {"-"},
	} {
		name, extras := required(text)
		if got := append([]string{name}, extras...); text != "./wheels/x.whl" && !slices.Equal(got, want) {
			t.Errorf("%q requires %q", text, got)
		}
	}
}

func TestPageLoadsNothing(t *testing.T) {
	page := string(Page("iris", []report.Sizes{example()}, &Changes{From: "x:1", List: []Change{{Kind: "package", Name: "torch", Was: "1", Is: "2", Bytes: -2_700_000_000}}}))
	for _, never := range []string{"<script", "src=", "href=", "url(", "@import", "javascript:"} {
		if strings.Contains(page, never) {
			t.Errorf("the page has %q", never)
		}
	}
	for _, want := range []string{"default-src 'none'", "Torch&gt;=2", "-2.7GB", "not measured: only-by-extra", "What changed from x:1"} {
		if !strings.Contains(page, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
}
