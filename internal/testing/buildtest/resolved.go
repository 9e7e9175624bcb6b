package buildtest

import (
	"encoding/json"
	"fmt"
	"testing"

	"github.com/deployfile/deployfile/build"
	"github.com/deployfile/deployfile/frontend"
	"github.com/deployfile/deployfile/internal/testing/lab"
	"github.com/deployfile/deployfile/llb"
	"github.com/deployfile/deployfile/resolver"
	"github.com/moby/buildkit/client"
)

// Plan returns the project's plan.
func (p *Project) Plan(t *testing.T) llb.Plan {
	t.Helper()
	out := t.TempDir()
	if _, err := p.Start(t, func(o *build.Options) {
		o.Target = frontend.OutputPlan
		o.Exports = []client.ExportEntry{{Type: client.ExporterLocal, OutputDir: out}}
	}); err != nil {
		t.Fatal(err)
	}
	var plan llb.Plan
	for _, text := range lab.Files(t, out, "plan.*") {
		if err := json.Unmarshal([]byte(text), &plan); err != nil {
			t.Fatal(err)
		}
	}
	return plan
}

// Locked returns the lock of a project with one platform.
func (p *Project) Locked(t *testing.T) *resolver.Lock {
	t.Helper()
	lock, err := resolver.ParseLock([]byte(p.Read(t, "Deployfile.lock")))
	if err != nil {
		t.Fatal(err)
	}
	return lock
}

// UVLinks returns the page, as lab.Index has it, by which an index has the uv of a
// project's lock.
func (p *Project) UVLinks(t *testing.T) map[string]string {
	t.Helper()
	lock, err := resolver.ParseLock([]byte(p.Read(t, "Deployfile.lock")))
	if err != nil {
		t.Fatal(err)
	}
	page := ""
	for _, f := range lock.UV {
		page += fmt.Sprintf("<a href=\"%s#sha256=%s\">%s</a>\n", f.URL, f.SHA256, f.Filename)
	}
	return map[string]string{"uv": page}
}
