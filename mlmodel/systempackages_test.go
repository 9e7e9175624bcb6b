package mlmodel

import (
	"fmt"
	"slices"
	"testing"
	"testing/fstest"
)

// TestSystemPackages reads what a model needs beside Python from its flavors and its
// requirements.
func TestSystemPackages(t *testing.T) {
	for _, tt := range []struct {
		flavor, requirements string
		want                 []string
	}{
		{"sklearn", "scikit-learn==1.5.0\n", nil},
		{"lightgbm", "", []string{"libgomp1: the lightgbm flavor needs it, at m/MLmodel:0"}},
		{"paddle", "paddlepaddle\n", []string{"libgomp1: the paddle flavor needs it, at m/MLmodel:0"}},
		{"sklearn", "scikit-learn\nLightGBM==4.6.0\n", []string{"libgomp1: the requirement lightgbm needs it, at m/requirements.txt:2"}},
		{"spark", "pyspark\n", []string{"default-jre-headless: the spark flavor needs it, at m/MLmodel:0"}},
		{"sklearn", "pyspark\n", nil},
		{"h2o", "h2o\n", []string{"default-jre-headless: the h2o flavor needs it, at m/MLmodel:0"}},
		{"sklearn", "opencv-python-headless\n", nil},
	} {
		m, _, err := Read(fstest.MapFS{
			"m/MLmodel":          {Data: []byte("flavors:\n  python_function:\n    loader_module: x\n  " + tt.flavor + ":\n    v: 1\n")},
			"m/requirements.txt": {Data: []byte(tt.requirements)},
		}, "m")
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, p := range m.SystemPackages {
			got = append(got, fmt.Sprintf("%s: %s, at %s:%d", p.Name, p.Reason, p.File, p.Line))
		}
		if !slices.Equal(got, tt.want) {
			t.Errorf("%s, %q: %q instead of %q", tt.flavor, tt.requirements, got, tt.want)
		}
	}
}

// TestImpliedPackages leaves out what is named already, in any version.
func TestImpliedPackages(t *testing.T) {
	m := Model{SystemPackages: []SystemPackage{{Name: "libgomp1"}, {Name: "libgl1"}}}
	for _, tt := range []struct {
		named []string
		want  int
	}{
		{nil, 2}, {[]string{"libgomp1"}, 1}, {[]string{"libgomp1=12.2.0-14", "libgl1"}, 0}, {[]string{"libgomp"}, 2},
	} {
		if got := m.ImpliedPackages(tt.named); len(got) != tt.want {
			t.Errorf("beside %q: %v", tt.named, got)
		}
	}
	if len(m.SystemPackages) != 2 {
		t.Error("the model's own list changed")
	}
}
