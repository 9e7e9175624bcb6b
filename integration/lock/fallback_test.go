//go:build integration

package lock

import (
	"context"
	"strings"
	"testing"

	"github.com/containerd/containerd/v2/core/content"
	"github.com/containerd/containerd/v2/plugins/content/local"
	"github.com/deployfile/deployfile/frontend"
	"github.com/deployfile/deployfile/internal/testing/buildtest"
	"github.com/deployfile/deployfile/internal/testing/lab"
	"github.com/google/go-cmp/cmp"
	"github.com/moby/buildkit/client"
	gwclient "github.com/moby/buildkit/frontend/gateway/client"
	"github.com/moby/buildkit/solver/pb"
	"github.com/moby/buildkit/util/apicaps"
	apicapspb "github.com/moby/buildkit/util/apicaps/pb"
	"github.com/tonistiigi/fsutil"
)

// withoutMerge is a builder that cannot merge layers, as Docker's engine with
// its classic image store.
type withoutMerge struct{ gwclient.Client }

func (c withoutMerge) BuildOpts() gwclient.BuildOpts {
	o := c.Client.BuildOpts()
	var caps []*apicapspb.APICap
	for _, c := range pb.Caps.All() {
		if c.ID != string(pb.CapMergeOp) && o.LLBCaps.Supports(apicaps.CapID(c.ID)) == nil {
			caps = append(caps, c)
		}
	}
	o.LLBCaps = pb.Caps.CapSet(caps)
	return o
}

// TestWithoutMerge builds where layers must be copied one upon the other.
func TestWithoutMerge(t *testing.T) {
	x := lab.NewIndex(t, lab.Wheel(t, "dfone", "1.0", "WORDS = 'here'"), lab.Wheel(t, "dftwo", "1.0", "WORDS = 'and here'"))
	p := shared.Tiny(t, x.Table("local"), "dfone", "dftwo")
	p.Lock(t)
	var text string
	vertices := buildWithout(t, p, func(s *buildtest.Server) { text = s.Get(t, "/about") })
	var a buildtest.Answer
	buildtest.Decode(t, text, &a)
	if d := cmp.Diff(map[string]string{"dfone": "here", "dftwo": "and here"}, a.Modules); d != "" {
		t.Errorf("modules:\n%s", d)
	}
	copies := 0
	for _, name := range vertices {
		if strings.Contains(name, "put the layers together") {
			t.Errorf("there was a merge: %s", name)
		}
		if strings.HasPrefix(name, "add ") {
			copies++
		}
	}
	// The environment, one or two layers of wheels, the start command, the
	// code and the model.
	if copies < 5 {
		t.Errorf("%d layers were copied: %q", copies, vertices)
	}
}

// buildWithout builds and runs without MergeOp and returns the names of what
// the builder did.
func buildWithout(t *testing.T, p *buildtest.Project, use func(*buildtest.Server)) []string {
	t.Helper()
	files, err := fsutil.NewFS(p.Dir)
	if err != nil {
		t.Fatal(err)
	}
	opt := client.SolveOpt{
		FrontendAttrs: map[string]string{"filename": "Deployfile"},
		LocalMounts:   map[string]fsutil.FS{"context": files, "dockerfile": files},
		OCIStores:     map[string]content.Store{},
	}
	for name, dir := range map[string]string{"base": shared.Base, "toolchain": shared.Toolchain} {
		if opt.OCIStores[name], err = local.NewStore(dir); err != nil {
			t.Fatal(err)
		}
		digest, err := buildtest.LoadLayout(t, dir).Digest()
		if err != nil {
			t.Fatal(err)
		}
		opt.FrontendAttrs["context:"+name] = "oci-layout://" + name + "@" + digest.String()
	}
	status := make(chan *client.SolveStatus)
	names := make(chan []string)
	go func() {
		seen := map[string]bool{}
		var out []string
		for s := range status {
			for _, v := range s.Vertexes {
				if !seen[v.Name] {
					seen[v.Name] = true
					out = append(out, v.Name)
				}
			}
		}
		names <- out
	}()
	_, err = p.Builder.Client.Build(t.Context(), opt, "test", func(ctx context.Context, c gwclient.Client) (*gwclient.Result, error) {
		r, err := frontend.Build(ctx, withoutMerge{c})
		if err != nil {
			return nil, err
		}
		return r, buildtest.ServeResult(ctx, c, r, use)
	}, status)
	vertices := <-names
	if err != nil {
		t.Fatal(err)
	}
	return vertices
}
