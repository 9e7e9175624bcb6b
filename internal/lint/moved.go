package lint

import (
	"cmp"
	"fmt"
)

func movedModel(in Input) []Finding {
	if in.ModelNow == nil || in.Lock == nil || in.Lock.ModelSource == nil {
		return nil
	}
	was, now := *in.Lock.ModelSource, *in.ModelNow
	if was.Source != now.Source || was.Resolved == now.Resolved {
		return nil
	}
	f := Finding{
		Message: fmt.Sprintf("%s is %s now, and the lock has %s", now.Source, cmp.Or(versionText(now.Version), now.Resolved), cmp.Or(versionText(was.Version), was.Resolved)),
		Fix:     "take it: deployfile lock --upgrade-model",
	}
	f.Range, _ = in.File.Position("model", "source")
	return []Finding{f}
}

func versionText(version string) string {
	if version == "" {
		return ""
	}
	return "version " + version
}
