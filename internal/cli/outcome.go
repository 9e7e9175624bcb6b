package cli

import (
	"errors"
	"fmt"
	"strings"

	"github.com/deployfile/deployfile/internal/terminal"
	"github.com/deployfile/deployfile/report"
)

// outcomeHelp documents the JSON of deploy, promote and rollback.
const outcomeHelp = `
--json prints a list with an object for each target:

  target, kind, endpoint   which it is
  action                   applied, planned (--dry-run), unchanged or failed
  revision, previous       numbers of the newest revision after and before, or 0
  live, next               what answers requests, and what waits beside it:
                           track, weight, image, model-image, lock and file
                           (digests)
  changes                  what differed: action (create, update or delete),
                           object, diff, conflicts (what others have set of it)
  differences              of a dry run: packages and files that it would bring,
                           if git or this machine has the lock of what is
                           deployed
  ready, message, url      whether it is ready, why not, and its URL
  error, failure           what failed, and what kind of failure it is:
                           conflict, busy, not-ready, rolled-back, interrupted
                           or other`

// outcomes prints the outcome at each target: lines as they happen, or JSON at the end.
type outcomes struct {
	streams
	applyFlags
	steps *steps
	all   []report.Outcome
	err   error // of writing
}

func newOutcomes(s streams, f applyFlags, steps *steps) *outcomes {
	return &outcomes{streams: s, applyFlags: f, steps: steps, all: []report.Outcome{}}
}

// add adds the outcome at a target. The caller prints an error.
func (o *outcomes) add(entry report.Outcome) {
	o.all = append(o.all, entry)
	if entry.Error == "" && !o.asJSON {
		o.steps.Done()
		o.err = errors.Join(o.err, outcomeText(o.streams.text, entry, o.ForceConflicts))
	}
}

// end prints the JSON, unless nothing was tried.
func (o *outcomes) end() error {
	if !o.asJSON || len(o.all) == 0 {
		return o.err
	}
	o.steps.Done()
	return o.result(o.all)
}

// outcomeText is an outcome for people, one line unless there are changes to show.
func outcomeText(w *terminal.Writer, e report.Outcome, force bool) error {
	if e.Action == report.Planned {
		writeChanges(w, e.Changes, force)
		writeDifferences(w, e.Differences)
		would := "would become"
		if conflicts(e.Changes) > 0 && !force {
			would = "would not become"
		}
		_, err := fmt.Fprintf(w, "%s: %s %s revision %d: %s\n", e.Target.Target, e.Endpoint, would, e.Revision, countChanges(e.Changes))
		return err
	}
	var line strings.Builder
	fmt.Fprintf(&line, "%s: ", e.Target.Target)
	waits := ""
	if e.Next != nil {
		waits = fmt.Sprintf("beside the live one (%s); next: deployfile promote %[2]s, or deployfile rollback %[2]s", share(*e.Next), e.Target.Target)
	}
	switch {
	case e.Action == report.Unchanged:
		fmt.Fprintf(&line, "nothing to do: %s is at revision %d, %s", e.Endpoint, e.Revision, short(newest(e).Image))
	case e.Next != nil:
		fmt.Fprintf(&line, "revision %d of %s is up, %s", e.Revision, e.Endpoint, short(e.Next.Image))
	case !e.Ready:
		fmt.Fprintf(&line, "revision %d of %s is accepted, %s", e.Revision, e.Endpoint, short(e.Live.Image))
	default:
		fmt.Fprintf(&line, "revision %d of %s is live, %s", e.Revision, e.Endpoint, short(e.Live.Image))
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

// newest returns the release that was deployed last.
func newest(e report.Outcome) *report.Slot {
	if e.Next != nil {
		return e.Next
	}
	return e.Live
}

// share describes which requests the next release gets.
func share(s report.Slot) string {
	if s.Weight > 0 {
		return fmt.Sprintf("%s, %d %%", s.Track, s.Weight)
	}
	return s.Track + ", no requests yet"
}

// short returns an image's digest as people compare it: its first twelve digits.
func short(image string) string {
	_, hex, ok := strings.Cut(image, "sha256:")
	if !ok || len(hex) < shortDigits {
		return image
	}
	return hex[:shortDigits]
}

const shortDigits = 12

// writeChanges prints the differences at a target. Force means that conflicts are
// overwritten.
func writeChanges(w *terminal.Writer, changes []report.Change, force bool) {
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
func countChanges(changes []report.Change) string {
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

// conflicts counts the fields that something else manages.
func conflicts(changes []report.Change) int {
	n := 0
	for _, c := range changes {
		n += len(c.Conflicts)
	}
	return n
}
