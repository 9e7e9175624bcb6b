//go:build integration

package buildx

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/deployfile/deployfile/internal/testing/lab"
	"github.com/moby/buildkit/client"
	"github.com/opencontainers/go-digest"
)

// buildLimit is how long a single build may take; a test that hangs says
// where it does.
const buildLimit = 10 * time.Minute

// result is what a run of buildx leaves.
type result struct {
	stdout, stderr string
	// err is why it failed; its exit code is in it.
	err error
	// metadata is the metadata file, nil if there is none.
	metadata map[string]json.RawMessage
}

// digest is that of what was exported.
func (r result) digest(t *testing.T) string {
	t.Helper()
	var digest string
	if err := json.Unmarshal(r.metadata["containerimage.digest"], &digest); err != nil {
		t.Fatalf("no digest in the metadata: %v\n%s", err, r.stderr)
	}
	return digest
}

// buildxCommand runs buildx with no configuration but the tests' own.
func buildxCommand(ctx context.Context, env []string, args ...string) *exec.Cmd {
	c := exec.CommandContext(ctx, "buildx", args...)
	c.Env = append(slices.DeleteFunc(os.Environ(), func(v string) bool {
		name, _, _ := strings.Cut(v, "=")
		return strings.HasPrefix(name, "DOCKER_") || strings.HasPrefix(name, "BUILDX_") || strings.HasPrefix(name, "BUILDKIT_") ||
			name == "SOURCE_DATE_EPOCH"
	}), "DOCKER_CONFIG="+shared.config, "BUILDX_CONFIG="+filepath.Join(shared.config, "buildx"))
	c.Env = append(c.Env, env...)
	return c
}

// invocation is how a project is built.
type invocation struct {
	builder builder
	env     []string
	// progress is plain or rawjson.
	progress string
}

// buildx runs docker buildx build on the shared builder.
func (p *project) buildx(t *testing.T, args ...string) result {
	t.Helper()
	return p.run(t, invocation{}, args...)
}

// mustBuildx is buildx that must succeed.
func (p *project) mustBuildx(t *testing.T, args ...string) result {
	t.Helper()
	return p.must(t, invocation{}, args...)
}

func (p *project) must(t *testing.T, how invocation, args ...string) result {
	t.Helper()
	r := p.run(t, how, args...)
	if r.err != nil {
		t.Fatalf("buildx build %s: %v\n%s", strings.Join(args, " "), r.err, lab.Tail(r.stderr))
	}
	return r
}

func (p *project) run(t *testing.T, how invocation, args ...string) result {
	t.Helper()
	if how.builder == (builder{}) {
		how.builder = shared.builder
	}
	if how.progress == "" {
		how.progress = "plain"
	}
	metadata := filepath.Join(t.TempDir(), "metadata.json")
	all := []string{"build", "--builder", how.builder.name, "-f", p.Path("Deployfile"), "--progress", how.progress, "--metadata-file", metadata}
	all = append(all, lab.BuildContexts(p.Contexts)...)
	// What this machine trusts, which the CLI hands over by itself.
	if ca := os.Getenv("SSL_CERT_FILE"); ca != "" {
		all = append(all, "--secret", "id=ca,src="+ca)
	}
	ctx, cancel := context.WithTimeout(t.Context(), buildLimit)
	defer cancel()
	c := buildxCommand(ctx, how.env, append(append(all, args...), p.Dir)...)
	var out, complaints bytes.Buffer
	c.Stdout, c.Stderr = &out, &complaints
	r := result{err: c.Run()}
	r.stdout, r.stderr = out.String(), complaints.String()
	if data, err := os.ReadFile(metadata); err == nil {
		if err := json.Unmarshal(data, &r.metadata); err != nil {
			t.Fatal(err)
		}
	}
	return r
}

// vertex is what the progress says of one of the builder's steps.
type vertex struct {
	// ran says that it was done, and not found in a cache. What BuildKit
	// starts and leaves when a result further on turns up was not.
	ran bool
	// received says that bytes came in.
	received bool
}

// vertices reads progress in the form rawjson, by the vertices' names. A
// vertex that was cached is told of again when its layer is fetched.
func (r result) vertices(t *testing.T) map[string]vertex {
	t.Helper()
	names := map[digest.Digest]string{}
	cached, done, received := map[digest.Digest]bool{}, map[digest.Digest]bool{}, map[digest.Digest]bool{}
	for line := range strings.Lines(r.stderr) {
		var s client.SolveStatus
		if json.Unmarshal([]byte(line), &s) != nil {
			continue
		}
		for _, v := range s.Vertexes {
			names[v.Digest] = v.Name
			cached[v.Digest] = cached[v.Digest] || v.Cached
			done[v.Digest] = done[v.Digest] || v.Completed != nil && v.Error == ""
		}
		for _, v := range s.Statuses {
			received[v.Vertex] = true
		}
	}
	if len(names) == 0 {
		t.Fatalf("no progress in:\n%s", r.stderr)
	}
	out := map[string]vertex{}
	for d, name := range names {
		x := out[name]
		out[name] = vertex{ran: x.ran || done[d] && !cached[d], received: x.received || received[d]}
	}
	return out
}

// logs are what the steps said, which rawjson encodes.
func (r result) logs() string {
	var out strings.Builder
	for line := range strings.Lines(r.stderr) {
		var s client.SolveStatus
		if json.Unmarshal([]byte(line), &s) == nil {
			for _, l := range s.Logs {
				out.Write(l.Data)
			}
		}
	}
	return out.String()
}

// wantFailure fails unless buildx failed and said all of it.
func wantFailure(t *testing.T, r result, words ...string) {
	t.Helper()
	if r.err == nil {
		t.Fatalf("buildx did not fail; want %q", words)
	}
	wantWords(t, r.stdout+r.stderr, words...)
}

func wantWords(t *testing.T, text string, words ...string) {
	t.Helper()
	for _, w := range words {
		if !strings.Contains(text, w) {
			t.Errorf("%q is not said in:\n%s", w, lab.Tail(text))
		}
	}
}

// deployfile runs the CLI on the shared builder.
func (p *project) deployfile(t *testing.T, command string, args ...string) string {
	t.Helper()
	all := []string{command, "-f", p.Path("Deployfile"), "--builder", shared.builder.address, "--progress", "plain"}
	all = append(all, lab.BuildContexts(p.Contexts)...)
	ctx, cancel := context.WithTimeout(t.Context(), buildLimit)
	defer cancel()
	c := exec.CommandContext(ctx, shared.deployfile, append(append(all, args...), p.Dir)...)
	c.Env = buildxCommand(ctx, nil).Env
	var out, complaints bytes.Buffer
	c.Stdout, c.Stderr = &out, &complaints
	if err := c.Run(); err != nil {
		t.Fatalf("deployfile %s: %v\n%s", command, err, lab.Tail(complaints.String()))
	}
	return out.String()
}
