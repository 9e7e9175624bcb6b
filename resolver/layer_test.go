package resolver

import (
	"slices"
	"strings"
	"testing"

	"github.com/deployfile/deployfile/modelsource"
)

// A layer that becomes one of the image has the files that its artifact names, and
// nothing else.
func TestCheckLayer(t *testing.T) {
	sum := strings.Repeat("a", 64)
	files := []modelsource.LayerFile{{Path: "data/w.bin", Size: 5, SHA256: sum}, {Path: "run", Size: 6, SHA256: sum, Executable: true}}
	good := []layerEntry{
		{Path: "opt", Mode: 0o40755}, {Path: "opt/model", Mode: 0o40755}, {Path: "opt/model/data", Mode: 0o40755},
		{Path: "opt/model/data/w.bin", Mode: 0o100644, Size: 5, SHA256: sum},
		{Path: "opt/model/run", Mode: 0o100755, Size: 6, SHA256: sum},
	}
	with := func(change func([]layerEntry) []layerEntry) []layerEntry { return change(slices.Clone(good)) }
	for name, tt := range map[string]struct {
		found []layerEntry
		want  string
	}{
		"good":         {good, ""},
		"a file more":  {append(slices.Clone(good), layerEntry{Path: "opt/venv/lib/evil.pth", Mode: 0o100644, Size: 1, SHA256: sum}), `"opt/venv/lib/evil.pth"`},
		"a whiteout":   {append(slices.Clone(good), layerEntry{Path: "usr", Mode: 0o20000}), `"usr" with the mode 20000`},
		"setuid":       {with(func(l []layerEntry) []layerEntry { l[4].Mode = 0o104755; return l }), "104755"},
		"writable":     {with(func(l []layerEntry) []layerEntry { l[1].Mode = 0o40777; return l }), "40777"},
		"a link":       {with(func(l []layerEntry) []layerEntry { l[2].Mode = 0o120777; return l }), "120777"},
		"owner":        {with(func(l []layerEntry) []layerEntry { l[1].Owner[0] = 65532; return l }), "65532:0"},
		"other bytes":  {with(func(l []layerEntry) []layerEntry { l[3].SHA256 = strings.Repeat("b", 64); return l }), "w.bin"},
		"a file fewer": {good[:4], `lacks "opt/model/run"`},
		"listed twice": {append(slices.Clone(good), good[4]), "opt/model/run"},
	} {
		err := checkLayer(files, tt.found)
		if tt.want == "" && err != nil || tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)) {
			t.Errorf("%s: %v, want %q", name, err, tt.want)
		}
	}
}
