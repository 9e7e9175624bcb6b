package publishtest

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/deployfile/deployfile/publish"
	"github.com/google/go-cmp/cmp"
)

// Conformance deploys to endpoints that open makes, with each fault at each step
// that keep picks; nil picks all, and then also where nothing was deployed before.
// What was deployed before must answer again, nothing else may be left, the records
// must say so, and the next rollout must work.
func Conformance(t *testing.T, open func(t *testing.T) *Endpoint, keep func(step string, f Fault) bool) {
	first := open(t)
	first.must(t, "1", false)
	steps := first.steps(t, map[string]Fault{"Start 1": Fails})
	for _, s := range first.steps(t, nil) {
		if !slices.Contains(steps, s) {
			steps = append(steps, s)
		}
	}
	first.serves(t, "2")
	first.delete(t)
	for _, step := range steps {
		for _, fault := range Faults() {
			if keep != nil && !keep(step, fault) || fault == Outnumbered && slices.Index(steps, step) <= slices.Index(steps, "Create 1") {
				continue
			}
			for _, fresh := range []bool{false, true} {
				if fresh && keep != nil {
					continue // as slow as the other, and says little more
				}
				name := fmt.Sprintf("%s %s", step, fault)
				if fresh {
					name += " at first"
				}
				t.Run(strings.ReplaceAll(name, " ", "_"), func(t *testing.T) { one(t, open(t), step, fault, fresh) })
			}
		}
	}
}

// outnumbered finds fault with a rollout that went on after another had begun:
// it must do nothing more that others would see than what it was about to.
func outnumbered(t *testing.T, steps []string, step string, committed bool, err error) {
	t.Helper()
	at := slices.Index(steps, step)
	after := func(name string) bool { return slices.Contains(steps[at+1:], name) }
	if after("Switch 1") && stepName(step) != "Update" || after("Revert 1") || after("Update 2") {
		t.Errorf("it was outnumbered at %q, and then came %q", step, steps[at+1:])
	}
	var busy *publish.BusyError
	if !committed && !errors.As(err, &busy) && !slices.Contains([]string{"Revert", "Forget", "Discard"}, stepName(step)) {
		t.Errorf("it was outnumbered at %q, and the error is %v", step, err)
	}
}

// one deploys version 2, to an endpoint with version 1 or to one with nothing,
// with one fault.
func one(t *testing.T, e *Endpoint, step string, fault Fault, fresh bool) {
	had, answers := []string(nil), ""
	if !fresh {
		e.must(t, "1", false)
		had, answers = []string{"1"}, "1"
	}
	e.beside(t, "2", false, false)
	before := e.There(t)
	s := &script{faults: map[string]Fault{step: fault}}
	if strings.HasPrefix(step, "Revert") || strings.HasPrefix(step, "Forget") || strings.HasPrefix(step, "Discard") {
		// They are reached after a failure.
		s.faults["Start 1"] = Fails
	}
	s.overtake = func() { e.must(t, "3", true) }
	s.outnumber = func() { e.rival(t) }
	err := e.deploy(t, "2", s, false)
	t.Logf("%v", err)
	reached := slices.Contains(s.steps, step)
	committed := slices.Contains(e.revisions(t), "2")
	var busy *publish.BusyError
	switch {
	case !reached:
	case fault == Outnumbered:
		outnumbered(t, s.steps, step, committed, err)
	case fault == Overtaken && step == "List 1":
		// It has not looked yet, so one comes after the other.
		if !e.Promotes {
			e.serves(t, "2")
		}
	case fault == Overtaken && atomic(step):
		// Nobody can keep a process from what it is about to do when it wakes.
	case fault == Overtaken:
		if !errors.As(err, &busy) && !committed && err == nil {
			t.Errorf("it was overtaken, and the error is %v", err)
		}
		e.serves(t, "3")
	case s.dead:
	case err == nil || committed:
		e.serves(t, "2")
		if !committed {
			t.Errorf("it succeeded, and the revisions are %q", e.revisions(t))
		}
	case step == "Revert 1" || step == "Forget 1":
		// What is left is the next rollout's.
	default:
		e.serves(t, answers)
		if diff := cmp.Diff(had, e.revisions(t)); diff != "" {
			t.Errorf("the revisions are not those of before:\n%s", diff)
		}
		if diff := cmp.Diff(before, e.There(t)); diff != "" {
			t.Errorf("what is there:\n%s", diff)
		}
	}
	mid := []string(nil)
	if !committed && !slices.Contains(e.revisions(t), "3") {
		mid = before
	}
	// The lock of one that could not unlock it ends by itself.
	overdue := s.dead || fault == Overtaken || fault == Outnumbered || !e.Marks || committed && err == nil && stepName(step) == "Update"
	e.next(t, overdue, fault == Overtaken && atomic(step), had, mid)
}

// rival begins a rollout.
func (e *Endpoint) rival(t *testing.T) {
	t.Helper()
	store, _ := e.Connect(t)
	records, err := store.List(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if len(records) == 0 {
		return // nothing is left that could be outnumbered
	}
	newest := slices.MaxFunc(records, func(a, b publish.Record) int { return a.Number - b.Number })
	newest.Number, newest.Attempt, newest.By, newest.Phase = newest.Number+1, "rival", "rival@there", publish.Applying
	newest.Deadline = time.Now().Add(time.Minute).UTC().Truncate(time.Second)
	if err := store.Create(t.Context(), newest); err != nil {
		t.Fatal(err)
	}
}

// atomic reports whether a step is one in which a process cannot find out that it was
// overtaken.
func atomic(step string) bool {
	return slices.Contains([]string{"Start", "Switch", "Revert", "Prune", "Ready", "Recover"}, stepName(step))
}

func stepName(step string) string {
	name, _, _ := strings.Cut(step, " ")
	return name
}

// next deploys after a fault: once without success, which leaves what answers now
// and, if before is not nil, what was there before; and then with. For stale, see
// beside.
func (e *Endpoint) next(t *testing.T, overdue, stale bool, had, before []string) {
	t.Helper()
	if e.beside(t, "4", overdue, stale); e.Promotes && before != nil {
		before = e.There(t)
	}
	s := &script{faults: map[string]Fault{"Ready 1": Fails}}
	if err := e.deploy(t, "4", s, overdue); err == nil || !slices.Contains(s.steps, "Ready 1") {
		t.Errorf("what is to fail ends at %q: %v", s.steps[len(s.steps)-1], err)
	}
	answers := ""
	if now := e.revisions(t); len(now) > 0 {
		answers = now[0]
	}
	e.serves(t, answers)
	if before != nil {
		if diff := cmp.Diff(before, e.There(t)); diff != "" {
			t.Errorf("a deployment that failed after it has left what is there:\n%s", diff)
		}
	}
	e.must(t, "5", overdue)
	newest := e.revisions(t)
	if newest[0] != "5" || !slices.Equal(newest[len(newest)-len(had):], had) {
		t.Errorf("the revisions are %q", newest)
	}
	store, driver := e.Connect(t)
	records, err := store.List(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range records {
		if r.Phase != publish.Deployed {
			t.Errorf("record %d is %s", r.Number, r.Phase)
		}
	}
	engine := publish.NewEngine(e.Name, store, driver)
	if status, err := engine.Status(t.Context()); err != nil || !status.Ready || status.Revision.State.Live.Version != "5" {
		t.Errorf("the status is %+v, %v", status, err)
	}
	e.delete(t)
}
