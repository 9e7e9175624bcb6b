package cli

import (
	"bytes"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/deployfile/deployfile/internal/terminal"
	"github.com/deployfile/deployfile/report"
)

func TestBuildSummary(t *testing.T) {
	const nowhere = "; not pushed: --push, --load or --output say where the image goes"
	for name, test := range map[string]struct {
		report.Build
		want string
	}{
		"not known":   {report.Build{}, "built in 86.5 s" + nowhere},
		"new":         {report.Build{Size: 178_885_058, Layers: 25}, "built in 86.5 s, 179MB in 25 layers" + nowhere},
		"some layers": {report.Build{Size: 178_885_058, Layers: 25, Reused: 23, Loaded: []string{"iris:1"}}, "built in 86.5 s, 179MB (23 of 25 layers as before); loaded iris:1"},
		"the same": {report.Build{Size: 178_885_058, Layers: 25, Reused: 25, Pushed: []string{"registry.example.com/iris:1"}, Written: []string{"iris.tar"}},
			"built in 86.5 s, 179MB (all 25 layers as before); pushed registry.example.com/iris:1; written to iris.tar"},
	} {
		if got := buildSummary(test.Build, 86_500*time.Millisecond); got != test.want {
			t.Errorf("%s: %q, not %q", name, got, test.want)
		}
	}
}

// The layers that are new are named, the largest first, and of many the first few.
func TestNewLayers(t *testing.T) {
	layer := func(size int64, made string) report.Blob {
		return report.Blob{Digest: "sha256:" + strings.Repeat("0123456789abcdef", 4), Size: size, CreatedBy: made}
	}
	for name, test := range map[string]struct {
		layers []report.Blob
		reused int
		want   string
	}{
		"none":      {nil, 25, ""},
		"all":       {[]report.Blob{layer(1, "install a 1")}, 0, ""},
		"some":      {[]report.Blob{layer(2300, "the model's small files"), layer(1_200_000, "install requests 2.34.2")}, 23, "  +    1.2MB  install requests 2.34.2\n  +    2.3kB  the model's small files\n"},
		"no name":   {[]report.Blob{layer(5, "")}, 1, "  +       5B  0123456789ab\n"},
		"untrusted": {[]report.Blob{layer(5, "a\n\x1b[2J")}, 1, "  +       5B  a \\x1b[2J\n"},
		"long":      {[]report.Blob{layer(5, strings.Repeat("é", 100))}, 1, "  +       5B  " + strings.Repeat("é", 63) + "…\n"},
		"many":      {slices.Repeat([]report.Blob{layer(5, "a")}, 10), 1, strings.Repeat("  +       5B  a\n", 8) + "  and 2 more; --json has them all\n"},
	} {
		var out bytes.Buffer
		writeNewLayers(terminal.NewWriter(&out), report.Build{Reused: test.reused, New: test.layers})
		if got := out.String(); got != test.want {
			t.Errorf("%s: %q, not %q", name, got, test.want)
		}
	}
}

func TestPlatformWarning(t *testing.T) {
	if w := platformWarning("linux/amd64"); w != "" {
		t.Error(w)
	}
	if w := platformWarning("linux/arm64"); w == "" {
		t.Error("a machine that is not like most clusters gets no warning")
	}
}
