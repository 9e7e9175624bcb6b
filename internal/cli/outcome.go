package cli

import (
	"context"
	"fmt"
	"strings"

	"github.com/deployfile/deployfile/deployfile"
	"github.com/deployfile/deployfile/internal/terminal"
	"github.com/deployfile/deployfile/manifests"
	"github.com/deployfile/deployfile/publish"
)

// outcomeHelp documents the JSON of deploy, promote and rollback.
const outcomeHelp = `
--json prints a list with an object for each target:

  target, kind, endpoint   which it is
  action                   applied, planned (--dry-run), unchanged or failed
  revision, previous       the newest revision's number after and before, 0 for none
  live, next               what answers requests, and what waits beside it: track,
                           image, model-image, lock, file (digests)
  changes                  what differed: action (create, update or delete), object,
                           diff, conflicts (what others have set of it)
  ready, message, url      whether it serves, why not, and where
  error                    what failed`

// outcome is what deploy, promote and rollback print with --json.
type outcome struct {
	targetName
	Action   string           `json:"action"`
	Revision int              `json:"revision"`
	Previous int              `json:"previous"`
	Live     *slot            `json:"live,omitempty"`
	Next     *slot            `json:"next,omitempty"`
	Changes  []publish.Change `json:"changes"`
	Ready    bool             `json:"ready"`
	Message  string           `json:"message,omitempty"`
	URL      string           `json:"url,omitempty"`
	Error    string           `json:"error,omitempty"`
}

// targetName is how every --json names a target.
type targetName struct {
	Target   string `json:"target"`
	Kind     string `json:"kind"`
	Endpoint string `json:"endpoint"`
}

func nameOf(t deployfile.Target) targetName {
	return targetName{Target: t.Name, Kind: t.Kind, Endpoint: t.Endpoint}
}

// slot is one release at a target.
type slot struct {
	Track      string `json:"track,omitempty"`
	Image      string `json:"image"`
	ModelImage string `json:"model-image,omitempty"`
	Lock       string `json:"lock,omitempty"`
	File       string `json:"file,omitempty"`
}

func slotOf(s manifests.Slot) *slot {
	return &slot{Track: s.Track, Image: s.Image, ModelImage: s.ModelImage, Lock: s.LockDigest, File: s.FileDigest}
}

// slots are what a state serves, and what waits beside it.
func slots(s manifests.State) (live, next *slot) {
	if s.Next != nil {
		next = slotOf(*s.Next)
	}
	return slotOf(s.Live), next
}

// outcomes print what was done at each target: lines as it is done, or JSON at
// the end.
type outcomes struct {
	streams
	applyFlags
	all []outcome
}

func newOutcomes(s streams, f applyFlags) *outcomes {
	return &outcomes{streams: s, applyFlags: f, all: []outcome{}}
}

// add takes what a verb returned, and returns what is wrong.
func (o *outcomes) add(ctx context.Context, at *place, done *publish.Outcome, err error, steps *steps) error {
	entry := outcome{targetName: nameOf(at.Target), Action: "failed", Changes: []publish.Change{}}
	if done != nil {
		entry.Revision, entry.Changes = done.Revision.Number, append(entry.Changes, done.Changes...)
		entry.Live, entry.Next = slots(done.Revision.State)
		if done.Previous != nil {
			entry.Previous = done.Previous.Number
		}
	}
	if err != nil && ctx.Err() != nil && done != nil && done.Action == publish.Applied {
		err = &brokenOffError{err}
	}
	if err == nil {
		entry.Action = string(done.Action)
		err = entry.ask(ctx, at, done.Revision, steps)
	}
	if err != nil {
		entry.Error = err.Error()
	}
	o.all = append(o.all, entry)
	if err == nil && !o.asJSON {
		steps.done()
		err = entry.text(o.streams.text, done, o.force)
	}
	return err
}

// brokenOffError is what a target says of a change that was interrupted: what it
// serves now.
type brokenOffError struct{ err error }

func (e *brokenOffError) Error() string { return e.err.Error() }
func (e *brokenOffError) Unwrap() error { return e.err }

// ask completes the outcome of a revision with what the target says of it now.
func (e *outcome) ask(ctx context.Context, at *place, made publish.Revision, steps *steps) error {
	if e.Action == string(publish.Planned) {
		return nil
	}
	steps.wait("%s: looking", at.Name)
	status, err := at.publisher.Status(ctx)
	if err != nil {
		return err
	}
	e.Ready, e.Message, e.URL = status.Ready, status.Message, status.URL
	// One that was broken off may have had the number.
	if r := status.Revision; r != nil && r.By == made.By && r.At.Equal(made.At) {
		e.Revision = r.Number
	}
	return nil
}

// end prints the JSON.
func (o *outcomes) end() error {
	if !o.asJSON {
		return nil
	}
	return writeJSON(o.out, o.all)
}

// text is the outcome for people, one line unless there are changes to show.
func (e *outcome) text(w *terminal.Writer, done *publish.Outcome, force bool) error {
	if e.Action == string(publish.Planned) {
		writeChanges(w, e.Changes, force)
		would := "would become"
		if conflicts(e.Changes) > 0 && !force {
			would = "would not become"
		}
		_, err := fmt.Fprintf(w, "%s: %s %s revision %d: %s\n", e.Target, e.Endpoint, would, e.Revision, countChanges(e.Changes))
		return err
	}
	var line strings.Builder
	fmt.Fprintf(&line, "%s: ", e.Target)
	state := done.Revision.State
	waits := ""
	if state.Next != nil {
		waits = fmt.Sprintf("beside the live one (%s); next: deployfile promote %[2]s, or deployfile rollback %[2]s", share(*state.Next), e.Target)
	}
	switch {
	case e.Action == string(publish.Unchanged):
		fmt.Fprintf(&line, "nothing to do: %s is at revision %d, %s", e.Endpoint, e.Revision, short(state.Newest().Image))
	case state.Next != nil:
		fmt.Fprintf(&line, "revision %d of %s is up, %s", e.Revision, e.Endpoint, short(state.Next.Image))
	case !e.Ready:
		fmt.Fprintf(&line, "revision %d of %s is accepted, %s", e.Revision, e.Endpoint, short(state.Live.Image))
	default:
		fmt.Fprintf(&line, "revision %d of %s is live, %s", e.Revision, e.Endpoint, short(state.Live.Image))
	}
	if waits != "" {
		line.WriteString(", " + waits)
	}
	if !e.Ready && e.Message != "" {
		line.WriteString("; " + e.Message)
	}
	if e.URL != "" {
		line.WriteString("; " + e.URL)
	}
	_, err := fmt.Fprintln(w, line.String())
	return err
}

// share is which requests a release gets that waits beside the live one.
func share(s manifests.Slot) string {
	if s.Track == "canary" {
		return fmt.Sprintf("canary, %d %%", s.Target.Weight)
	}
	return s.Track + ", no requests yet"
}

// short is an image's digest as people compare it: its first twelve digits.
func short(image string) string {
	_, hex, ok := strings.Cut(image, "sha256:")
	if !ok || len(hex) < shortDigits {
		return image
	}
	return hex[:shortDigits]
}

const shortDigits = 12

// writeChanges prints what differs at a target. Force says that conflicts are
// overwritten.
func writeChanges(w *terminal.Writer, changes []publish.Change, force bool) {
	end := "refused, unless --force-conflicts overwrites it"
	if force {
		end = "--force-conflicts overwrites it"
	}
	for _, c := range changes {
		fmt.Fprintf(w, "%s %s\n", c.Action, c.Object)
		if c.Diff != "" {
			fmt.Fprintf(w, "  %s\n", strings.ReplaceAll(strings.TrimRight(c.Diff, "\n"), "\n", "\n  "))
		}
		for _, conflict := range c.Conflicts {
			fmt.Fprintf(w, "  conflict: %s; %s\n", conflict, end)
		}
	}
}

// countChanges sums them up.
func countChanges(changes []publish.Change) string {
	if len(changes) == 0 {
		return "no object changes"
	}
	count := map[string]int{}
	for _, c := range changes {
		count[c.Action]++
	}
	var parts []string
	for _, action := range []string{"create", "update", "delete"} {
		if n := count[action]; n > 0 {
			parts = append(parts, fmt.Sprintf("%d to %s", n, action))
		}
	}
	switch n := conflicts(changes); n {
	case 0:
	case 1:
		parts = append(parts, "1 conflict")
	default:
		parts = append(parts, fmt.Sprintf("%d conflicts", n))
	}
	return strings.Join(parts, ", ")
}

// conflicts counts what others have set.
func conflicts(changes []publish.Change) int {
	n := 0
	for _, c := range changes {
		n += len(c.Conflicts)
	}
	return n
}
