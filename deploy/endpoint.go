package deploy

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/deployfile/deployfile/deployfile"
	"github.com/deployfile/deployfile/internal/invoke"
	"github.com/deployfile/deployfile/internal/suggest"
	"github.com/deployfile/deployfile/manifests"
	"github.com/deployfile/deployfile/manifests/kinds"
	"github.com/deployfile/deployfile/publish"
	"github.com/deployfile/deployfile/report"
)

// Endpoint is the way to what is deployed at a target.
type Endpoint struct {
	report.Endpoint
	// Tunnel reports that the URL works only until Close.
	Tunnel bool

	close func() error
}

// Close ends the tunnel, if there is one.
func (e *Endpoint) Close() error {
	if e.close == nil {
		return nil
	}
	return e.close()
}

// Open returns the endpoint at a target, "" for the only one, by way of a tunnel
// where there is no other. The caller closes it. The error is a
// *publish.NothingError if nothing is deployed.
func (d *Deployer) Open(ctx context.Context, target string) (*Endpoint, error) {
	s, err := d.open(ctx, target)
	if err != nil {
		return nil, err
	}
	status, err := s.publisher.Status(ctx)
	if err == nil && status.Revision == nil {
		err = &publish.NothingError{Endpoint: s.Endpoint}
	}
	if err != nil {
		s.close()
		return nil, atTarget(s.Target, err)
	}
	out := &Endpoint{Endpoint: report.Endpoint{Target: nameOf(s.Target), URL: status.URL}}
	if status.URL != "" {
		s.close()
		return out, nil
	}
	way, err := s.endpoint(ctx)
	if err != nil {
		s.close()
		return nil, err
	}
	out.URL, out.Tunnel = way.URL, true
	out.close = func() error {
		defer s.close()
		if way.Close == nil {
			return nil
		}
		return way.Close()
	}
	return out, nil
}

// endpoint is the way to the server at a target.
func (s *session) endpoint(ctx context.Context) (*publish.Endpoint, error) {
	opener, ok := s.publisher.(publish.Opener)
	if !ok {
		return nil, atTarget(s.Target, fmt.Errorf("a target of kind %q does not answer requests", s.Kind))
	}
	endpoint, err := opener.Open(ctx)
	return endpoint, atTarget(s.Target, err)
}

// PredictOptions are a request to an endpoint.
type PredictOptions struct {
	// Target is the name of the target, "" for the only one.
	Target string
	// Track is the release that answers: "live", "next", or a track that status shows; ""
	// for whichever gets the request.
	Track string
	// MediaType is that of the Request, such as "application/json".
	MediaType string
	Request   []byte
}

// Predict sends one request to the endpoint at a target, and returns the answer.
func (d *Deployer) Predict(ctx context.Context, o PredictOptions) ([]byte, error) {
	s, err := d.open(ctx, o.Target)
	if err != nil {
		return nil, err
	}
	defer s.close()
	track, err := s.track(ctx, o.Track)
	if err != nil {
		return nil, atTarget(s.Target, err)
	}
	d.progress().Wait(s.Name + ": waiting for the answer")
	endpoint, err := s.endpoint(ctx)
	if err != nil {
		return nil, err
	}
	if endpoint.Close != nil {
		defer endpoint.Close()
	}
	answer, err := invoke.Post(ctx, endpoint.URL, o.MediaType, track, o.Request)
	return answer, atTarget(s.Target, err)
}

// track returns the headers by which a request names a release, none for "".
func (s *session) track(ctx context.Context, name string) (http.Header, error) {
	if name == "" {
		return nil, nil
	}
	tracker, ok := s.publisher.(publish.Tracker)
	if !ok {
		return nil, fmt.Errorf("kind %q sends no request to a release by name; %s", s.Kind, kindsWith(deployfile.VerbTrack))
	}
	status, err := s.publisher.Status(ctx)
	if err == nil && status.Revision == nil {
		err = &publish.NothingError{Endpoint: s.Endpoint}
	}
	if err != nil {
		return nil, err
	}
	next, err := isNext(status.Revision.State, name)
	if err != nil {
		return nil, err
	}
	header, value, err := tracker.Tracked(status.Revision, next)
	return http.Header{http.CanonicalHeaderKey(header): {value}}, err
}

// isNext reports which release has a name: the next or the live one.
func isNext(state manifests.State, name string) (bool, error) {
	known := []string{trackLive}
	if state.Live.Track != "" {
		known = append(known, state.Live.Track)
	}
	if slices.Contains(known, name) {
		return false, nil
	}
	if state.Next == nil {
		return false, usage("there is no release %q at the endpoint, where only %s is live", name, state.Live.Image)
	}
	if name == trackNext || name == state.Next.Track {
		return true, nil
	}
	return false, usage("there is no release %q at the endpoint: %s", name, suggest.OneOf(name, append(known, trackNext, state.Next.Track)))
}

// The names of the slots of a state.
const trackLive, trackNext = "live", "next"

// BatchOptions say what a batch reads and writes.
type BatchOptions struct {
	// Target is the name of the target, "" for the only one.
	Target string
	// Input and Output are local paths or URLs (s3://, pvc://CLAIM/PATH).
	Input, Output string
	// Timeout limits the run.
	Timeout time.Duration
}

// Batch lets a target score a whole file with what is deployed there, and returns
// the name of the target.
func (d *Deployer) Batch(ctx context.Context, o BatchOptions) (report.Target, error) {
	s, err := d.open(ctx, o.Target)
	if err != nil {
		return report.Target{}, err
	}
	defer s.close()
	batcher, ok := s.publisher.(publish.Batcher)
	if !ok {
		return nameOf(s.Target), atTarget(s.Target, fmt.Errorf("kind %q runs no batch; %s", s.Kind, kindsWith(deployfile.VerbBatch)))
	}
	d.progress().Wait(s.Name + ": starting")
	err = batcher.Batch(ctx, publish.BatchOptions{
		Input: o.Input, Output: o.Output, Timeout: o.Timeout,
		Progress: func(line string) { d.progress().Say(s.Name + ": " + line) },
	})
	return nameOf(s.Target), atTarget(s.Target, err)
}

// LogOptions say which part of a log is wanted.
type LogOptions = publish.LogOptions

// Logs writes the log of all instances at a target, "" for the only one.
func (d *Deployer) Logs(ctx context.Context, target string, w io.Writer, o LogOptions) error {
	s, err := d.open(ctx, target)
	if err != nil {
		return err
	}
	defer s.close()
	d.progress().Done()
	logger, ok := s.publisher.(publish.Logger)
	if !ok {
		return atTarget(s.Target, fmt.Errorf("a target of kind %q has no log", s.Kind))
	}
	return atTarget(s.Target, logger.Logs(ctx, w, o))
}

// kindsWith says which kinds have a verb: "kubernetes and kserve do".
func kindsWith(v deployfile.Verb) string {
	var names []string
	for _, k := range kinds.All() {
		if k.Can(v) {
			names = append(names, k.Name)
		}
	}
	return strings.Join(names, " and ") + " do"
}
