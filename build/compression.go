package build

import (
	"cmp"
	"maps"
	"slices"

	"github.com/deployfile/deployfile/deployfile"
	"github.com/deployfile/deployfile/frontend"
	"github.com/moby/buildkit/client"
)

// BuildKit's options of an export.
const (
	attrCompression = "compression"
	attrOCITypes    = "oci-mediatypes"
)

// compress has all exports compress layers as the Deployfile says, unless one cannot, or says
// itself how. It tells the frontend.
func compress(opt *client.SolveOpt, f *deployfile.File) {
	var all []*client.ExportEntry
	for n := range opt.Exports {
		if compresses(opt.Exports[n]) {
			all = append(all, &opt.Exports[n])
		}
	}
	if f.Image.Compression == deployfile.CompressionZstd && !slices.ContainsFunc(all, fixed) {
		for _, e := range all {
			e.Attrs = maps.Clone(e.Attrs)
			if e.Attrs == nil {
				e.Attrs = map[string]string{}
			}
			e.Attrs[attrCompression] = f.Image.Compression
		}
	}
	for _, e := range all {
		// Of several that differ, BuildKit takes the first for all.
		if c := cmp.Or(e.Attrs[attrCompression], deployfile.CompressionGzip); c != deployfile.CompressionGzip {
			opt.FrontendAttrs[frontend.AttrCompression] = c
			return
		}
	}
}

// compresses reports whether an export compresses layers.
func compresses(e client.ExportEntry) bool {
	return slices.Contains([]string{client.ExporterImage, client.ExporterOCI, client.ExporterDocker}, e.Type)
}

// fixed reports whether an export has a compression that the Deployfile cannot change: that
// of its own options, or of Docker's media types, which have none for zstd.
func fixed(e *client.ExportEntry) bool {
	return e.Attrs[attrCompression] != "" || e.Type == client.ExporterDocker || e.Attrs[attrOCITypes] == "false"
}
