//go:build integration

package packages

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/deployfile/deployfile/build"
	"github.com/deployfile/deployfile/frontend"
	"github.com/deployfile/deployfile/internal/testing/lab"
	"github.com/deployfile/deployfile/report"
	"github.com/moby/buildkit/client"
)

// TestSizes measures an image without building it: what each requirement brings, from
// an index, from the context and from source.
func TestSizes(t *testing.T) {
	big := lab.WheelOf(t, "dfbig", "1.0", "py3-none-any", map[string]string{"dfbig.py": "x = '" + strings.Repeat("a", 1<<20) + "'\n"})
	x := lab.NewIndex(t, big, lab.Wheel(t, "dfone", "1.0", "", "dfbig", `dfnever ; extra == "never"`), lab.Wheel(t, "dfnever", "1.0", ""), lab.SetuptoolsSdist(t, "dfbuilt"))
	wheel := lab.Wheel(t, "dflocal", "1.0", "", "dfbig")
	p := shared.Tiny(t, x.Table("local"), "dfone", "./wheels/"+wheel.Name, "dfbuilt")
	p.Write(t, "model/wheels/"+wheel.Name, string(wheel.Content))
	p.Lock(t)
	out := t.TempDir()
	if o, err := p.Export(t, client.ExportEntry{Type: client.ExporterLocal, OutputDir: out}, func(o *build.Options) {
		o.Target, o.Args[frontend.ArgSizes] = frontend.OutputPlan, "1"
	}); err != nil {
		t.Fatalf("%v\n%s", err, lab.Tail(o.Log))
	}
	var s report.Sizes
	if err := json.Unmarshal([]byte(lab.Files(t, out, "sizes.*.json")["sizes.linux-amd64.json"]), &s); err != nil {
		t.Fatal(err)
	}
	parts := map[string]report.Part{}
	for _, part := range s.Parts {
		parts[part.Kind+" "+part.Name] = part
	}
	one := parts["requirement dfone"]
	if len(one.Parts) != 1 || one.Parts[0].Name != "dfbig" || one.Parts[0].Download != int64(len(big.Content)) || one.Parts[0].Installed < 1<<20 {
		t.Errorf("dfone brings %+v", one)
	}
	if base := parts["base context:base"]; base.Installed < 20<<20 {
		t.Errorf("the base is %+v", base)
	}
	if built := parts["requirement dfbuilt"]; built.Download == 0 || built.Installed == 0 {
		t.Errorf("what is built is %+v in %+v", built, s.Parts)
	}
	if len(s.Unknown) > 0 {
		t.Errorf("not measured: %q", s.Unknown)
	}
}
