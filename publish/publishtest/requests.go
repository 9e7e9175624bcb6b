package publishtest

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/deployfile/deployfile/manifests"
	"github.com/deployfile/deployfile/publish"
)

// RequestFault is what goes wrong with a request to a service.
type RequestFault string

// The faults of requests.
const (
	NoFault   RequestFault = ""
	Throttled RequestFault = "throttled"        // refused, because there were too many
	Internal  RequestFault = "internal failure" // a 500, with nothing done
	LostReply RequestFault = "answer lost"      // done, but the connection is cut before the answer
	Cut       RequestFault = "cut"              // the connection is cut, with nothing done
)

// The faults that a table makes of those: a service answers so late that all that was under
// way has ended, and a client is killed before it sends a request or after that is done. A
// client that was killed sends nothing any more, also not to clean up.
const (
	slow        RequestFault = "slow"
	killed      RequestFault = "killed"
	killedAfter RequestFault = "killed after"
)

// Service is an endpoint at a double of a service that can fail.
type Service struct {
	// Open connects to the endpoint anew, whose leases are over if late is true.
	Open func(late bool) publish.Publisher
	// Release returns a release of a version.
	Release func(version string) manifests.Release
	// Options are those of each rollout.
	Options publish.Options
	// Fail makes the double ask what is to go wrong with each request, by its operation;
	// nil ends that.
	Fail func(func(operation string) RequestFault)
	// Serving waits until the service has done what it was asked for, and returns the
	// version that answers, "" for none.
	Serving func() string
	// There lists what there is of the endpoint.
	There func() []string
	// Attempts is how often a request is tried.
	Attempts int
}

// verb is what a user does to an endpoint that setup has made.
type verb struct {
	name   string
	canary bool
	setup  func(*testing.T, *Service)
	do     func(context.Context, *Service, bool) error
	// was and is are the versions that answer before and after.
	was, is string
}

func verbs() []verb {
	made := func(versions ...string) func(*testing.T, *Service) {
		return func(t *testing.T, s *Service) {
			for _, version := range versions {
				if _, err := publish.Deploy(t.Context(), s.Open(false), s.Release(version), s.Options); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
	deploy := func(version string) func(context.Context, *Service, bool) error {
		return func(ctx context.Context, s *Service, late bool) error {
			_, err := publish.Deploy(ctx, s.Open(late), s.Release(version), s.Options)
			return err
		}
	}
	rollback := func(ctx context.Context, s *Service, late bool) error {
		// By number, so that the second run asks for the same.
		_, err := publish.Rollback(ctx, s.Open(late), 1, s.Options)
		return err
	}
	promote := func(ctx context.Context, s *Service, late bool) error {
		_, err := publish.Promote(ctx, s.Open(late), s.Options)
		return err
	}
	remove := func(ctx context.Context, s *Service, late bool) error { return s.Open(late).Delete(ctx) }
	return []verb{
		{"deploy first", false, made(), deploy("1"), "", "1"},
		{"deploy", false, made("1"), deploy("2"), "1", "2"},
		{"rollback", false, made("1", "2"), rollback, "2", "1"},
		{"deploy a canary", true, made("1"), deploy("2"), "1", "1"},
		{"promote", true, made("1", "2"), promote, "1", "2"},
		{"delete", false, made("1", "2"), remove, "2", ""},
	}
}

// faultAt makes some requests fail, beginning with the nth.
type faultAt struct {
	mu           sync.Mutex
	fault        RequestFault
	at, times, n int
	operation    string
	calls        []string
	// pause lets all that is under way end.
	pause func()
}

func (f *faultAt) next(operation string) RequestFault {
	fault := f.fails(operation)
	if fault == slow {
		f.pause()
		return NoFault
	}
	return fault
}

func (f *faultAt) fails(operation string) RequestFault {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.calls = append(f.calls, operation)
	f.n++
	if f.n == f.at {
		f.operation = operation
	}
	if f.fault == killed || f.fault == killedAfter {
		switch {
		case f.n < f.at:
			return NoFault
		case f.n == f.at && f.fault == killedAfter:
			return LostReply
		}
		return Cut
	}
	if f.n < f.at || f.times == 0 || operation != f.operation {
		return NoFault
	}
	f.times--
	return f.fault
}

// Requests does each verb with each fault at each of its requests, once, which must not be
// noticed, and as often as a request is tried, which ends the verb; and with its client
// killed at each of them. Afterwards the endpoint
// is as it was or as was asked for, a second run does the rest, and delete leaves nothing.
// Unless all is true, only one verb and the first request of each operation are tried.
func Requests(t *testing.T, open func(t *testing.T, canary bool) *Service, all bool) {
	for _, x := range verbs() {
		plan := &faultAt{}
		s := open(t, x.canary)
		x.setup(t, s)
		s.Fail(plan.next)
		if err := x.do(t.Context(), s, false); err != nil {
			t.Fatalf("%s: %v", x.name, err)
		}
		s.Fail(nil)
		seen := map[string]int{}
		for n, operation := range plan.calls {
			if seen[operation]++; !all && (seen[operation] > 1 || x.name != "deploy") {
				continue
			}
			for _, fault := range []RequestFault{Throttled, Internal, LostReply, Cut, slow, killed, killedAfter} {
				often := []int{1, s.Attempts}
				switch fault {
				case slow:
					often = often[:1]
				case killed, killedAfter: // the second run finds what was left
					often = often[1:]
				}
				for _, times := range often {
					name := fmt.Sprintf("%s/%s %d %s %d times", x.name, operation, seen[operation], fault, times)
					t.Run(strings.ReplaceAll(name, " ", "_"), func(t *testing.T) {
						failing(t, open(t, x.canary), x, &faultAt{fault: fault, at: n + 1, times: times})
					})
				}
			}
		}
	}
}

func failing(t *testing.T, s *Service, x verb, f *faultAt) {
	x.setup(t, s)
	once := f.times == 1
	f.pause = func() { s.Serving() }
	s.Fail(f.next)
	err := x.do(t.Context(), s, false)
	s.Fail(nil)
	if err != nil && once {
		t.Errorf("%s was noticed: %v", f.fault, err)
	}
	t.Log(err)
	got := s.Serving()
	if want := []string{x.was, x.is}; !slices.Contains(want, got) || err == nil && got != x.is {
		t.Errorf("version %q answers, after %v", got, err)
	}
	if err := x.do(t.Context(), s, !once); err != nil {
		t.Errorf("again: %v", err)
	}
	if got := s.Serving(); got != x.is {
		t.Errorf("version %q answers, want %q", got, x.is)
	}
	if x.is != "" {
		status, err := s.Open(!once).Status(t.Context())
		if err != nil || !status.Ready || strings.Contains(status.Message, "deployed by") {
			t.Errorf("%+v, %v", status, err)
		}
	}
	if err := s.Open(!once).Delete(t.Context()); err != nil {
		t.Error(err)
	}
	if left := s.There(); len(left) > 0 {
		t.Errorf("left: %v", left)
	}
}
