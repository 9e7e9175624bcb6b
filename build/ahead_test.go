package build

import (
	"maps"
	"testing"

	"github.com/deployfile/deployfile/builder"
	"github.com/moby/buildkit/client"
)

func TestAhead(t *testing.T) {
	image := []client.ExportEntry{{Type: client.ExporterImage, Attrs: map[string]string{"name": "a", "push": "true", "compression": "zstd"}}}
	local := client.ExportEntry{Type: client.ExporterLocal}
	tests := map[string]struct {
		kind builder.Kind
		opt  client.SolveOpt
		want map[string]string
	}{
		"image":            {builder.Embedded, client.SolveOpt{Exports: image}, map[string]string{"compression": "zstd"}},
		"image and files":  {builder.Remote, client.SolveOpt{Exports: append(image, local)}, map[string]string{"compression": "zstd"}},
		"files":            {builder.Remote, client.SolveOpt{Exports: []client.ExportEntry{local}}, nil},
		"two compressions": {builder.Remote, client.SolveOpt{Exports: append(image, client.ExportEntry{Type: client.ExporterOCI})}, nil},
		"Docker":           {builder.Docker, client.SolveOpt{Exports: image}, nil},
		"cache":            {builder.Remote, client.SolveOpt{Exports: image, CacheImports: []client.CacheOptionsEntry{{Type: "registry"}}}, nil},
		"no cache":         {builder.Remote, client.SolveOpt{Exports: image, FrontendAttrs: map[string]string{"no-cache": ""}}, nil},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			a, err := newAhead(t.Context(), &builder.Builder{Kind: test.kind}, &test.opt)
			if err != nil {
				t.Fatal(err)
			}
			if a == nil != (test.want == nil) {
				t.Fatalf("exports ahead: %t", a != nil)
			}
			if a != nil && (!maps.Equal(a.opt.Exports[0].Attrs, test.want) || a.opt.SharedSession != test.opt.SharedSession) {
				t.Errorf("exports ahead with %v", a.opt.Exports[0].Attrs)
			}
			a.end()
		})
	}
}
