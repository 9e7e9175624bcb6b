// Package publishtest tests the rollout protocol of package publish: stores
// and a driver in memory, and a conformance suite that every kind of target
// passes, with every fault at every step.
package publishtest

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/deployfile/deployfile/manifests"
	"github.com/deployfile/deployfile/publish"
)

// Memory is a target in memory: what is kept there, what runs there, and where
// requests go. It is a world of its own, to which any number of rollouts may
// have a connection.
type Memory struct {
	// Exclusive lets one server run at a time, as on the network of a machine.
	Exclusive bool
	// Refuses is a version that the target does not take, Broken one that is never
	// ready; "" for none.
	Refuses, Broken string
	// Term is the lease of its records, 0 for deadlines that cannot be extended.
	Term time.Duration
	// Starting is how often its status still says that it is not ready.
	Starting int

	mu      sync.Mutex
	records []publish.Record
	servers map[string]server
	images  map[string]bool
	route   string
	// drifted reports whether somebody else has changed something since the last switch.
	drifted bool
	// asked are the options of the last rollout.
	asked publish.ApplyOptions
}

// server is one that was made.
type server struct {
	version string
	running bool
}

// Connect returns a connection.
func (m *Memory) Connect() (publish.Store, publish.Driver) {
	return memoryStore{m}, memoryDriver{m}
}

// Serving is the version that answers requests, "" if none does.
func (m *Memory) Serving() string {
	m.mu.Lock()
	defer m.mu.Unlock()
	if s := m.servers[m.route]; s.running {
		return s.version
	}
	return ""
}

// Drift changes something, as somebody else would.
func (m *Memory) Drift() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.drifted = true
}

// Asked returns the options of the last rollout.
func (m *Memory) Asked() publish.ApplyOptions {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.asked
}

// There lists all that there is.
func (m *Memory) There() []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	out := []string{"route to " + m.route}
	for name, s := range m.servers {
		out = append(out, fmt.Sprintf("server %s %+v", name, s))
	}
	for name := range m.images {
		out = append(out, "image "+name)
	}
	for _, r := range m.records {
		out = append(out, fmt.Sprintf("record %d %s", r.Number, r.Phase))
	}
	slices.Sort(out)
	return out
}

// memoryStore is the publish.Store of a Memory.
type memoryStore struct{ *Memory }

// Lease implements publish.Store.
func (s memoryStore) Lease() time.Duration { return s.Term }

// List implements publish.Store.
func (s memoryStore) List(ctx context.Context) ([]publish.Record, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.records), ctx.Err()
}

// Create implements publish.Store.
func (s memoryStore) Create(ctx context.Context, r publish.Record) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if slices.ContainsFunc(s.records, func(o publish.Record) bool { return o.Number == r.Number }) {
		return fmt.Errorf("record %d: %w", r.Number, publish.ErrExists)
	}
	if ctx.Err() == nil {
		s.records = append(s.records, r)
	}
	return ctx.Err()
}

// Update implements publish.Store.
func (s memoryStore) Update(ctx context.Context, r publish.Record) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := s.index(r)
	if n < 0 {
		return fmt.Errorf("record %d: %w", r.Number, publish.ErrGone)
	}
	if ctx.Err() == nil {
		s.records[n].Phase, s.records[n].Deadline = r.Phase, r.Deadline
	}
	return ctx.Err()
}

// Delete implements publish.Store.
func (s memoryStore) Delete(ctx context.Context, r publish.Record) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if n := s.index(r); n >= 0 && ctx.Err() == nil {
		s.records = slices.Delete(s.records, n, n+1)
	}
	return ctx.Err()
}

func (s memoryStore) index(r publish.Record) int {
	return slices.IndexFunc(s.records, func(o publish.Record) bool { return o.Number == r.Number && o.Attempt == r.Attempt })
}

// memoryDriver is the publish.Driver of a Memory.
type memoryDriver struct{ *Memory }

// version is what a revision's live release is.
func version(r publish.Record) string { return r.State.Live.Version }

func nameOf(r publish.Record) string { return fmt.Sprintf("r%d", r.Number) }

// Diff implements publish.Driver.
func (d memoryDriver) Diff(_ context.Context, records []publish.Record, documents []manifests.Document) ([]publish.Change, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, r := range records {
		if r.Phase != publish.Deployed {
			continue
		}
		same := func(a, b manifests.Document) bool { return a.Name == b.Name && string(a.Body) == string(b.Body) }
		if slices.EqualFunc(r.Documents, documents, same) && !d.drifted {
			return nil, nil
		}
		return []publish.Change{{Action: "update", Object: "server"}}, nil
	}
	return []publish.Change{{Action: "create", Object: "server"}}, nil
}

// Status implements publish.Driver.
func (d memoryDriver) Status(context.Context, []publish.Record, *publish.Record) (*publish.Status, error) {
	ready := d.Serving() != ""
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.Starting > 0 {
		d.Starting--
		return &publish.Status{Message: "it starts"}, nil
	}
	return &publish.Status{Ready: ready}, nil
}

// Removals implements publish.Driver.
func (d memoryDriver) Removals(context.Context, []publish.Record) ([]publish.Change, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	var out []publish.Change
	for _, name := range slices.Sorted(maps.Keys(d.servers)) {
		out = append(out, publish.Change{Action: "delete", Object: "server " + name})
	}
	return out, nil
}

// Delete implements publish.Driver.
func (d memoryDriver) Delete(context.Context, []publish.Record) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.servers, d.images, d.route = nil, nil, ""
	return nil
}

// Close implements publish.Driver.
func (d memoryDriver) Close() error { return nil }

// Prepare implements publish.Driver: it gets an image.
func (d memoryDriver) Prepare(ctx context.Context, p *publish.Plan) (publish.Rollout, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.asked = p.Options
	if d.Refuses != "" && version(p.Record) == d.Refuses {
		return nil, &publish.ConflictError{Object: "server", Details: []string{"it is refused"}}
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if d.images == nil {
		d.images, d.servers = map[string]bool{}, map[string]server{}
	}
	d.images[version(p.Record)] = true
	r := &memoryRollout{Memory: d.Memory, plan: p}
	r.look()
	return r, nil
}
