package publishtest

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/deployfile/deployfile/publish"
)

// Fault is what goes wrong at a step.
type Fault string

// The faults.
const (
	// Fails is a step that does nothing but fail.
	Fails Fault = "fails"
	// Lost is a step whose answer is lost: it is done, and looks as if it had
	// failed.
	Lost Fault = "answer lost"
	// Cancelled is a caller who cancels at the step.
	Cancelled Fault = "cancelled"
	// Dies is a process that dies before the step.
	Dies Fault = "dies"
	// DiesAfter is a process that dies when the step is done.
	DiesAfter Fault = "dies after"
	// Overtaken is a process that is asleep before the step, for so long that
	// another rollout begins and ends.
	Overtaken Fault = "overtaken"
	// Outnumbered is a process that is asleep before the step, for so long that
	// another rollout begins.
	Outnumbered Fault = "outnumbered"
)

// Faults returns all of them.
func Faults() []Fault {
	return []Fault{Fails, Lost, Cancelled, Dies, DiesAfter, Overtaken, Outnumbered}
}

// errInjected is the error of what was made to fail, errDead that of all that a
// dead process would do.
var (
	errInjected = errors.New("injected")
	errDead     = errors.New("the process is dead")
)

// script makes steps fail. A step is a call of the store, the driver or its
// rollout, the nth of its name, such as "Start 1".
type script struct {
	mu sync.Mutex
	// faults are by step.
	faults map[string]Fault
	// before is called before a step.
	before map[string]func()
	// steps are those that were reached, in order.
	steps []string
	calls map[string]int
	dead  bool
	// cancel ends the caller's context, overtake is another rollout, outnumber
	// the beginning of one.
	cancel    func()
	overtake  func()
	outnumber func()
}

// step does what the script has for one.
func (s *script) step(ctx context.Context, name string, do func(context.Context) error) error {
	s.mu.Lock()
	s.calls[name]++
	name = fmt.Sprint(name, " ", s.calls[name])
	s.steps = append(s.steps, name)
	fault := s.faults[name]
	s.dead = s.dead || fault == Dies
	dead, before := s.dead, s.before[name]
	s.mu.Unlock()
	if before != nil {
		before()
	}
	switch {
	case dead:
		return errDead
	case fault == Fails:
		return errInjected
	case fault == Cancelled:
		s.cancel()
	case fault == Overtaken:
		s.overtake()
	case fault == Outnumbered:
		s.outnumber()
		if name == "Ready 1" {
			// Also where it would revert.
			return errInjected
		}
	}
	err := do(ctx)
	switch fault {
	case Lost:
		return errors.Join(err, errInjected)
	case DiesAfter:
		s.mu.Lock()
		defer s.mu.Unlock()
		s.dead = true
		return errDead
	}
	return err
}

// call is step for what has a result.
func call[T any](ctx context.Context, s *script, name string, do func(context.Context) (T, error)) (out T, err error) {
	err = s.step(ctx, name, func(ctx context.Context) (err error) {
		out, err = do(ctx)
		return err
	})
	if err != nil {
		var none T
		return none, err
	}
	return out, nil
}

// store returns a publish.Store that fails by the script, with the clock of the
// one below it.
func (s *script) store(below publish.Store) publish.Store {
	if c, ok := below.(publish.Clock); ok {
		return struct {
			faultyStore
			publish.Clock
		}{faultyStore{below, s}, c}
	}
	return faultyStore{below, s}
}

// faultyStore is a publish.Store that fails by a script.
type faultyStore struct {
	publish.Store
	*script
}

func (s faultyStore) List(ctx context.Context) ([]publish.Record, error) {
	return call(ctx, s.script, "List", s.Store.List)
}

func (s faultyStore) Create(ctx context.Context, r publish.Record) error {
	return s.step(ctx, "Create", func(ctx context.Context) error { return s.Store.Create(ctx, r) })
}

func (s faultyStore) Update(ctx context.Context, r publish.Record) error {
	return s.step(ctx, "Update", func(ctx context.Context) error { return s.Store.Update(ctx, r) })
}

func (s faultyStore) Delete(ctx context.Context, r publish.Record) error {
	return s.step(ctx, "Forget", func(ctx context.Context) error { return s.Store.Delete(ctx, r) })
}

// faultyDriver is a publish.Driver whose rollouts fail by a script.
type faultyDriver struct {
	publish.Driver
	*script
}

func (d faultyDriver) Prepare(ctx context.Context, p *publish.Plan) (publish.Rollout, error) {
	var r publish.Rollout
	err := d.step(ctx, "Prepare", func(ctx context.Context) (err error) {
		r, err = d.Driver.Prepare(ctx, p)
		return err
	})
	if err != nil {
		// A driver gives back what it got before it fails.
		if x, ok := r.(publish.Discarder); ok && !errors.Is(err, errDead) {
			err = errors.Join(err, x.Discard(context.WithoutCancel(ctx)))
		}
		return nil, err
	}
	return faultyRollout{r, d.script}, nil
}

// faultyRollout is a publish.Rollout that fails by a script.
type faultyRollout struct {
	publish.Rollout
	*script
}

func (r faultyRollout) Recover(ctx context.Context, left publish.Record) error {
	return r.step(ctx, "Recover", func(ctx context.Context) error { return r.Rollout.Recover(ctx, left) })
}

func (r faultyRollout) Start(ctx context.Context) error { return r.step(ctx, "Start", r.Rollout.Start) }

func (r faultyRollout) Ready(ctx context.Context) (publish.Readiness, error) {
	return call(ctx, r.script, "Ready", r.Rollout.Ready)
}

func (r faultyRollout) Switch(ctx context.Context) error {
	return r.step(ctx, "Switch", r.Rollout.Switch)
}

func (r faultyRollout) Revert(ctx context.Context) error {
	return r.step(ctx, "Revert", r.Rollout.Revert)
}

func (r faultyRollout) Prune(ctx context.Context) error { return r.step(ctx, "Prune", r.Rollout.Prune) }

func (r faultyRollout) Evidence(ctx context.Context, cause error) (log, events []string) {
	if w, ok := r.Rollout.(publish.Witness); ok {
		return w.Evidence(ctx, cause)
	}
	return nil, nil
}

func (r faultyRollout) Discard(ctx context.Context) error {
	return r.step(ctx, "Discard", func(ctx context.Context) error {
		if d, ok := r.Rollout.(publish.Discarder); ok {
			return d.Discard(ctx)
		}
		return nil
	})
}

// late is a publish.Store for which every deadline has passed.
type late struct{ publish.Store }

// Now implements publish.Clock.
func (l late) Now(context.Context) (time.Time, error) { return time.Now().Add(30 * time.Hour), nil }
