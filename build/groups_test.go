package build

import (
	"os"
	"strings"
	"testing"
	"time"

	"github.com/deployfile/deployfile/toolchain"
	"github.com/google/go-cmp/cmp"
	"github.com/moby/buildkit/client"
	"github.com/moby/buildkit/client/llb"
	"github.com/moby/buildkit/solver/pb"
	digest "github.com/opencontainers/go-digest"
)

// metadata is the progress group of a vertex as the frontend sets it.
func metadata(t *testing.T, g toolchain.Group) *pb.ProgressGroup {
	t.Helper()
	def, err := llb.Scratch().File(llb.Mkdir("/x", 0o755), g.Option()).Marshal(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range def.Metadata {
		if m.ProgressGroup != nil {
			return m.ToPB().ProgressGroup
		}
	}
	t.Fatal("the vertex has no group")
	return nil
}

// replay is a build whose events a test sends.
type replay struct {
	t  *testing.T
	p  *progress
	at time.Time
}

func (r *replay) event(s client.SolveStatus) {
	r.at = r.at.Add(time.Second)
	r.p.events <- &s
}

func (r *replay) vertex(g *pb.ProgressGroup, name string, begun, completed int, change func(*client.Vertex)) *client.Vertex {
	moment := func(second int) *time.Time {
		t := time.Unix(1_000_000+int64(second), 0)
		return &t
	}
	v := &client.Vertex{Digest: digest.FromString(name), Name: name, ProgressGroup: g, Started: moment(begun)}
	if completed > 0 {
		v.Completed = moment(completed)
	}
	if change != nil {
		change(v)
	}
	return v
}

// shown returns what a display makes of events, and of the error that the build ends with.
func shown(t *testing.T, mode string, repeated bool, failure error, send func(r *replay)) string {
	t.Helper()
	log, err := os.CreateTemp(t.TempDir(), "log")
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	p, err := newProgress(log, mode, "a builder", repeated)
	if err != nil {
		t.Fatal(err)
	}
	go p.run()
	send(&replay{t: t, p: p})
	close(p.events)
	<-p.ended
	if failure != nil {
		p.explain(failure)
	}
	data, err := os.ReadFile(log.Name())
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func TestGroups(t *testing.T) {
	fetch := metadata(t, toolchain.Group{Kind: toolchain.Fetching, Title: "fetch 2 wheels (3MB)"})
	install := metadata(t, toolchain.Group{Kind: toolchain.Installing, Title: "install 2 packages in 2 layers"})
	got := shown(t, "plain", false, nil, func(r *replay) {
		a, b := "fetch a.whl (1MB)", "fetch b.whl (2MB)"
		// Cache keys.
		r.event(client.SolveStatus{Vertexes: []*client.Vertex{r.vertex(fetch, a, 1, 1, nil), r.vertex(fetch, b, 1, 1, nil)}})
		r.event(client.SolveStatus{Vertexes: []*client.Vertex{r.vertex(fetch, a, 2, 0, nil)}})
		r.event(client.SolveStatus{Vertexes: []*client.Vertex{r.vertex(fetch, a, 2, 4, nil), r.vertex(fetch, b, 4, 0, nil)}})
		r.event(client.SolveStatus{Vertexes: []*client.Vertex{r.vertex(install, "install a 1", 4, 0, nil)}})
		r.event(client.SolveStatus{Logs: []*client.VertexLog{{Vertex: digest.FromString("install a 1"), Data: []byte("Installed 1 package in 3ms\n")}}})
		r.event(client.SolveStatus{Vertexes: []*client.Vertex{r.vertex(fetch, b, 4, 6, nil), r.vertex(install, "install a 1", 4, 7, nil)}})
		r.event(client.SolveStatus{Vertexes: []*client.Vertex{r.vertex(install, "install b 1", 3, 3, func(v *client.Vertex) { v.Cached = true })}})
	})
	for text, times := range map[string]int{
		"fetch 2 wheels (3MB)\n": 1, "install 2 packages in 2 layers\n": 1, "DONE 5.0s": 1, "DONE 3.0s": 1, "CACHED": 0,
		"a.whl": 0, "install a": 0, "Installed 1 package": 0, "downloaded 3.00MB / 3.00MB": 1,
	} {
		if n := strings.Count(got, text); n < times || n > max(times, 2) || times == 0 && n > 0 {
			t.Errorf("%q is there %d times, not %d", text, n, times)
		}
	}
	if t.Failed() {
		t.Log(got)
	}
}

// A rebuild that has nothing to do says so with a line for each group.
func TestGroupsThatAreCached(t *testing.T) {
	fetch := metadata(t, toolchain.Group{Kind: toolchain.Fetching, Title: "fetch 2 wheels (3MB)"})
	got := shown(t, "plain", false, nil, func(r *replay) {
		for _, name := range []string{"fetch a.whl (1MB)", "fetch b.whl (2MB)"} {
			r.event(client.SolveStatus{Vertexes: []*client.Vertex{r.vertex(fetch, name, 1, 1, nil)}})
		}
	})
	want := "#0 building with a builder\n\n#1 fetch 2 wheels (3MB)\n#1 CACHED\n"
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// On a terminal the name of a group that has no bytes says how far it is.
func TestGroupThatCounts(t *testing.T) {
	install := metadata(t, toolchain.Group{Kind: toolchain.Installing, Title: "install 3 packages in 3 layers"})
	g, r := newGroups(0), &replay{t: t}
	names := func(in ...*client.Vertex) (out []string) {
		for _, v := range g.convert(&client.SolveStatus{Vertexes: in}).Vertexes {
			out = append(out, v.Name)
		}
		return out
	}
	got := [][]string{
		names(r.vertex(install, "install a 1", 1, 0, nil), r.vertex(install, "install b 1", 1, 0, nil)),
		names(r.vertex(install, "install a 1", 1, 2, nil)),
		names(r.vertex(install, "install b 1", 1, 3, nil)),
	}
	want := [][]string{{"install 3 packages in 3 layers"}, {"install 3 packages in 3 layers, 1 done"}, {"install 3 packages in 3 layers"}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// What BuildKit does to read the project is one line, with the bytes of the context.
func TestGroupOfReading(t *testing.T) {
	deployfile, ignored, context := "[internal] load build definition from Deployfile", "[internal] load .dockerignore", "[internal] load build context"
	sent := func(of, id string, bytes int64) *client.VertexStatus {
		at := time.Unix(1_000_002, 0)
		return &client.VertexStatus{ID: id, Vertex: digest.FromString(of), Current: bytes, Started: &at, Completed: &at, Timestamp: at}
	}
	got := shown(t, "plain", false, nil, func(r *replay) {
		r.event(client.SolveStatus{
			Vertexes: []*client.Vertex{r.vertex(nil, deployfile, 1, 2, nil), r.vertex(nil, ignored, 1, 2, nil)},
			Statuses: []*client.VertexStatus{sent(deployfile, "transferring dockerfile:", 500), sent(ignored, "transferring context:", 2)},
		})
		r.event(client.SolveStatus{Vertexes: []*client.Vertex{r.vertex(nil, context, 2, 0, nil)}})
		r.event(client.SolveStatus{
			Vertexes: []*client.Vertex{r.vertex(nil, context, 2, 4, nil)},
			Statuses: []*client.VertexStatus{sent(context, "transferring context:", 3_000_000)},
		})
	})
	want := "#0 building with a builder\n\n#1 read the project\n#1 transferring context: 3.00MB done\n#1 DONE 2.0s\n"
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if got := shown(t, "plain", false, nil, func(r *replay) {
		r.event(client.SolveStatus{Vertexes: []*client.Vertex{r.vertex(nil, context, 2, 4, func(v *client.Vertex) { v.Error = "permission denied" })}})
	}); !strings.Contains(got, "ERROR: permission denied") {
		t.Errorf("the reason is missing:\n%s", got)
	}
}

// What a program logs that has nothing to say unless it fails.
func TestGroupsThatFail(t *testing.T) {
	install := metadata(t, toolchain.Group{Kind: toolchain.Installing, Title: "install 2 packages in 2 layers"})
	got := shown(t, "plain", false, nil, func(r *replay) {
		r.event(client.SolveStatus{Vertexes: []*client.Vertex{r.vertex(install, "install a 1", 1, 0, nil), r.vertex(install, "install b 1", 1, 0, nil)}})
		for name, text := range map[string]string{"install a 1": "no space left\n", "install b 1": "Resolved\n"} {
			r.event(client.SolveStatus{Logs: []*client.VertexLog{{Vertex: digest.FromString(name), Data: []byte(text), Timestamp: time.Unix(1_000_001, 0)}}})
		}
		r.event(client.SolveStatus{Vertexes: []*client.Vertex{
			r.vertex(install, "install b 1", 1, 2, func(v *client.Vertex) { v.Error = "context canceled" }),
			r.vertex(install, "install a 1", 1, 2, func(v *client.Vertex) { v.Error = "exit code: 1" }),
		}})
	})
	if !strings.Contains(got, "no space left") || !strings.Contains(got, "ERROR: exit code: 1") {
		t.Errorf("the reason is missing:\n%s", got)
	}
}

// The second build of a deployment shows what is new.
func TestRepeated(t *testing.T) {
	got := shown(t, "plain", true, nil, func(r *replay) {
		r.event(client.SolveStatus{Vertexes: []*client.Vertex{r.vertex(nil, "[internal] load build context", 1, 0, nil)}})
		r.event(client.SolveStatus{Vertexes: []*client.Vertex{
			r.vertex(nil, "verify that the image answers", 1, 1, func(v *client.Vertex) { v.Cached = true }),
			r.vertex(nil, "exporting to docker image format", 1, 0, nil),
		}})
		r.event(client.SolveStatus{
			Vertexes: []*client.Vertex{r.vertex(nil, "exporting to docker image format", 1, 3, nil)},
			Warnings: []*client.VertexWarning{{Vertex: digest.FromString("verify that the image answers"), Short: []byte("said before")}},
		})
	})
	want := "#0 building with a builder\n\n#1 exporting to docker image format\n#1 DONE 2.0s\n"
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
