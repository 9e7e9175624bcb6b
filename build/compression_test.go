package build

import (
	"testing"

	"github.com/deployfile/deployfile/deployfile"
	"github.com/deployfile/deployfile/frontend"
	"github.com/google/go-cmp/cmp"
	"github.com/moby/buildkit/client"
)

func TestCompress(t *testing.T) {
	image := func(attrs map[string]string) client.ExportEntry {
		return client.ExportEntry{Type: client.ExporterImage, Attrs: attrs}
	}
	local := client.ExportEntry{Type: client.ExporterLocal}
	zstd := map[string]string{"compression": "zstd"}
	tests := map[string]struct {
		key         string
		given, want []client.ExportEntry
		told        string
	}{
		"gzip": {key: "gzip", given: []client.ExportEntry{image(nil), local}, want: []client.ExportEntry{image(nil), local}},
		"zstd": {
			key: "zstd", told: "zstd",
			given: []client.ExportEntry{image(map[string]string{"push": "true"}), {Type: client.ExporterOCI}, local},
			want:  []client.ExportEntry{image(map[string]string{"push": "true", "compression": "zstd"}), {Type: client.ExporterOCI, Attrs: zstd}, local},
		},
		"an archive for Docker": {
			key:   "zstd",
			given: []client.ExportEntry{image(nil), {Type: client.ExporterDocker}},
			want:  []client.ExportEntry{image(nil), {Type: client.ExporterDocker}},
		},
		"Docker's media types": {
			key:   "zstd",
			given: []client.ExportEntry{image(map[string]string{"oci-mediatypes": "false"})},
			want:  []client.ExportEntry{image(map[string]string{"oci-mediatypes": "false"})},
		},
		"asked for gzip": {
			key:   "zstd",
			given: []client.ExportEntry{image(map[string]string{"compression": "gzip"})},
			want:  []client.ExportEntry{image(map[string]string{"compression": "gzip"})},
		},
		"asked for another": {
			key: "gzip", told: "uncompressed",
			given: []client.ExportEntry{image(map[string]string{"compression": "uncompressed"})},
			want:  []client.ExportEntry{image(map[string]string{"compression": "uncompressed"})},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			opt := &client.SolveOpt{Exports: test.given, FrontendAttrs: map[string]string{}}
			compress(opt, &deployfile.File{Image: deployfile.Image{Compression: test.key}})
			if diff := cmp.Diff(test.want, opt.Exports); diff != "" {
				t.Error(diff)
			}
			if told := opt.FrontendAttrs[frontend.AttrCompression]; told != test.told {
				t.Errorf("the frontend is told %q instead of %q", told, test.told)
			}
		})
	}
}
