package compare

import "github.com/deployfile/deployfile/report"

// Comparison returns the report as diff --json prints it.
func (r Report) Comparison() report.Comparison {
	out := report.Comparison{
		A: r.A.side(), B: r.B.side(), Same: r.Same,
		AddedPlatforms: r.AddedPlatforms, RemovedPlatforms: r.RemovedPlatforms,
		Changes: []report.Difference{}, Layers: []report.LayerDiff{}, Push: r.Push,
	}
	for _, c := range r.Changes {
		out.Changes = append(out.Changes, report.Difference{
			Kind: string(c.Kind), Op: string(c.Op), Name: c.Name, Was: c.Was, Is: c.Is,
			WasSize: c.WasSize, IsSize: c.IsSize, Platforms: c.Platforms,
		})
	}
	for _, l := range r.Layers {
		out.Layers = append(out.Layers, report.LayerDiff{
			Platform: l.Platform, Shared: l.Shared, SharedSize: l.SharedSize,
			Added: blobs(l.Added), Removed: blobs(l.Removed), Pull: l.Pull, PullAll: l.PullAll,
		})
	}
	return out
}

func (c Contents) side() report.Side {
	return report.Side{Name: c.Name, Source: string(c.Source), Digest: c.Digest}
}

func blobs(list []Blob) []report.Blob {
	out := []report.Blob{}
	for _, b := range list {
		out = append(out, report.Blob(b))
	}
	return out
}
