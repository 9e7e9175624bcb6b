package resolver

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/deployfile/deployfile/internal/untrusted"
	"github.com/deployfile/deployfile/modelsource"
	"github.com/deployfile/deployfile/toolchain"
	bkllb "github.com/moby/buildkit/client/llb"
	"github.com/moby/buildkit/client/llb/sourceresolver"
	gwclient "github.com/moby/buildkit/frontend/gateway/client"
	"github.com/moby/buildkit/solver/errdefs"
	"github.com/moby/buildkit/solver/pb"
)

// Gateway solves states and reads their files.
type Gateway struct {
	// Client is the connection of the running build.
	Client gwclient.Client
	// CacheImports apply to every solve.
	CacheImports []gwclient.CacheOptionsEntry
	// Constraints apply to every definition.
	Constraints []bkllb.ConstraintsOpt
}

// StepError reports a failed step that explained its failure.
type StepError struct {
	// Step is the name in the progress display.
	Step string
	// Kind is "unsatisfiable", "index" or "" for anything else. Message is the
	// output of the tool in the step.
	Kind    string `json:"kind"`
	Message string `json:"message"`
	// Log is the end of the log of a server that the step started. It is not part of the
	// message, because most clients show logs themselves.
	Log string `json:"log"`
	// Refusals are what servers of indexes answered that did not answer as hoped.
	Refusals []Refusal `json:"refusals"`
	// Err is BuildKit's own error.
	Err error `json:"-"`
}

// Refusal is an answer of an index's server to a step.
type Refusal struct {
	// URL is that of the index, or of a page or file below it; Asked is the package or
	// file that was asked for.
	URL   string `json:"url"`
	Asked string `json:"asked"`
	// Status is the status of HTTP.
	Status int `json:"status"`
	// Given reports that the secret of the index was given to the step.
	Given bool `json:"given"`
}

// Error returns the message of the tool in the step. It begins with the reason if that
// is one line.
func (e *StepError) Error() string {
	if e.Kind == "verify" {
		return fmt.Sprintf("%s (%s)", e.Message, e.Step)
	}
	return fmt.Sprintf("%s: %s", e.Step, e.Message)
}

// Unwrap returns BuildKit's error.
func (e *StepError) Unwrap() error { return e.Err }

var _ modelsource.Builder = Gateway{}

// Solve solves a state and returns a reference to the result.
func (g Gateway) Solve(ctx context.Context, st bkllb.State) (gwclient.Reference, error) {
	def, err := st.Marshal(ctx, g.Constraints...)
	if err != nil {
		return nil, fmt.Errorf("marshal: %w", err)
	}
	res, err := g.Client.Solve(ctx, gwclient.SolveRequest{
		Definition:   def.ToPB(),
		CacheImports: g.CacheImports,
		Evaluate:     true,
	})
	if err != nil {
		return nil, err
	}
	return res.SingleRef()
}

// Metadata returns what the builder says of a source, the only vertex of a state,
// without fetching it.
func (g Gateway) Metadata(ctx context.Context, st bkllb.State, opt sourceresolver.Opt) (*sourceresolver.MetaResponse, error) {
	def, err := st.Marshal(ctx, g.Constraints...)
	if err != nil {
		return nil, err
	}
	var op pb.Op
	if err := op.UnmarshalVT(def.ToPB().Def[0]); err != nil {
		return nil, err
	}
	return g.Client.ResolveSourceMetadata(ctx, op.GetSource(), opt)
}

// Step runs a step. If the step's script explained a failure in error.json, the
// error is a *StepError.
func (g Gateway) Step(ctx context.Context, t toolchain.Toolchain, s toolchain.Step) (gwclient.Reference, error) {
	ref, err := g.Solve(ctx, t.Run(s))
	if err == nil {
		return ref, nil
	}
	err = g.Explain(ctx, t, err)
	var e *StepError
	if errors.As(err, &e) {
		e.Step = s.Name
	}
	return nil, err
}

// Explain turns the error of a solve into the *StepError that the failed step's
// script wrote to error.json; without one, it returns the error.
func (g Gateway) Explain(ctx context.Context, t toolchain.Toolchain, err error) error {
	var solveError *errdefs.SolveError
	if !errors.As(err, &solveError) {
		return err
	}
	e := g.explain(ctx, t, solveError.MountIDs)
	if e == nil {
		return err
	}
	e.Step, e.Err = solveError.Description["llb.customname"], err
	return e
}

// maxAnswer limits the files that steps return, in bytes: for example the list
// of a model's files, which becomes a lock.
const maxAnswer = MaxLock

// readFile reads a file of a result, of at most limit bytes. A message of the
// builder can hold at most 16 MiB.
func readFile(ctx context.Context, ref gwclient.Reference, name string, limit int) ([]byte, error) {
	data, err := ref.ReadFile(ctx, gwclient.ReadRequest{Filename: name, Range: &gwclient.FileRange{Length: limit + 1}})
	if err == nil && len(data) > limit {
		err = &untrusted.TooLargeError{Name: name, Limit: int64(limit)}
	}
	if err != nil {
		return nil, err
	}
	return data, nil
}

// ReadJSON decodes a JSON file of a result.
func (g Gateway) ReadJSON(ctx context.Context, ref gwclient.Reference, name string, into any) error {
	data, err := readFile(ctx, ref, name, maxAnswer)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(data, into); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}

// explain reads the error.json of a failed step. The mounts of a failed step
// are accessible only from a new container.
func (g Gateway) explain(ctx context.Context, t toolchain.Toolchain, mounts []string) *StepError {
	root, err := g.Solve(ctx, t.Root)
	if err != nil {
		return nil
	}
	for _, id := range mounts {
		if id == "" {
			continue
		}
		if e := g.readFailed(ctx, t, root, id); e != nil {
			return e
		}
	}
	return nil
}

func (g Gateway) readFailed(ctx context.Context, t toolchain.Toolchain, root gwclient.Reference, id string) *StepError {
	ctr, err := g.Client.NewContainer(ctx, gwclient.NewContainerRequest{
		Mounts: []gwclient.Mount{
			{Dest: "/", MountType: pb.MountType_BIND, Ref: root},
			{Dest: "/mnt", MountType: pb.MountType_BIND, ResultID: id, Readonly: true},
		},
		NetMode: pb.NetMode_NONE,
	})
	if err != nil {
		return nil
	}
	defer ctr.Release(context.WithoutCancel(ctx))
	out := bounded{limit: maxExplanation}
	p, err := ctr.Start(ctx, gwclient.StartRequest{
		Args:   []string{t.Python, "-I", "-c", readExplanation},
		Cwd:    "/",
		Stdout: &out,
		Stderr: nopCloser{io.Discard},
	})
	if err != nil || p.Wait() != nil {
		return nil
	}
	var e StepError
	if json.Unmarshal(out.data, &e) != nil || e.Message == "" {
		return nil
	}
	e.Message = inOurWords(e.Message)
	return &e
}

// readExplanation prints a step's error.json. An untrusted build script may
// have written it, so a link, a FIFO or an endless file is ignored.
const readExplanation = `
import glob, os, stat
name = (glob.glob("/mnt/error.json") + glob.glob("/mnt/*/error.json"))[0]
f = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
if stat.S_ISREG(os.fstat(f).st_mode):
    print(os.read(f, 1 << 20).decode())
`

// maxExplanation limits how much of error.json is read, in bytes.
const maxExplanation = 1<<20 + 1

// bounded keeps what is written to it, up to a limit in bytes.
type bounded struct {
	limit int
	data  []byte
}

// Write keeps the data up to the limit, and drops the rest.
func (b *bounded) Write(p []byte) (int, error) {
	b.data = append(b.data, p[:min(len(p), b.limit-len(b.data))]...)
	return len(p), nil
}

// Close does nothing.
func (b *bounded) Close() error { return nil }

type nopCloser struct{ io.Writer }

func (nopCloser) Close() error { return nil }
