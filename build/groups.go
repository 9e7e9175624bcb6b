package build

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/deployfile/deployfile/toolchain"
	"github.com/moby/buildkit/client"
	"github.com/moby/buildkit/solver/pb"
	digest "github.com/opencontainers/go-digest"
)

// groups shows each progress group of ours as one vertex, and BuildKit's vertices that
// read the project as another. BuildKit's displays do that for progress groups as well,
// for other clients; but the plain one says that a group is done whenever nothing of it
// happens to be at work, and none adds up what was downloaded or leaves out what programs
// log that have nothing to say.
type groups struct {
	// settle is how long nothing of a group is at work before the group is done.
	settle time.Duration
	now    func() time.Time

	byID map[string]*group
	of   map[digest.Digest]*group
}

// settlePlain is for a display that cannot take back a line.
const settlePlain = 2 * time.Second

// group is a vertex that stands for others.
type group struct {
	vertex client.Vertex
	kind   toolchain.GroupKind
	// counts says that the display can change a name: how many members are done moves
	// where no bytes do.
	counts  bool
	members map[digest.Digest]*member
	// completed is when the last member was.
	completed *time.Time
	// idle is since when nothing is at work; zero if something is, or the group was
	// reported as done.
	idle time.Time
	done bool
}

type member struct {
	client.Vertex
	// ran says that it was seen at work: a vertex is also reported as begun and completed
	// when BuildKit works out its cache key.
	ran  bool
	logs []*client.VertexLog
}

func newGroups(settle time.Duration) *groups {
	return &groups{settle: settle, now: time.Now, byID: map[string]*group{}, of: map[digest.Digest]*group{}}
}

// convert replaces the members of groups in an event, which it modifies.
func (g *groups) convert(in *client.SolveStatus) *client.SolveStatus {
	out := &client.SolveStatus{Statuses: in.Statuses, Warnings: in.Warnings}
	var changed []*group
	for _, v := range in.Vertexes {
		is := groupOf(v)
		if is == nil || is.Weak && v.Error != "" {
			out.Vertexes = append(out.Vertexes, v)
			continue
		}
		one := g.find(is.Id, is.Name)
		g.of[v.Digest] = one
		// What is weak makes no group be shown.
		if !is.Weak && one.take(v, out) && !slices.Contains(changed, one) {
			changed = append(changed, one)
		}
	}
	for _, one := range changed {
		one.report(out, g.now())
	}
	out.Statuses = slices.DeleteFunc(out.Statuses, func(s *client.VertexStatus) bool {
		one := g.of[s.Vertex]
		if one == nil {
			return false
		}
		trivial := one.kind == toolchain.Reading && one.members[s.Vertex].Name != contextVertex
		s.Vertex = one.vertex.Digest
		return trivial
	})
	for _, w := range out.Warnings {
		if one := g.of[w.Vertex]; one != nil {
			w.Vertex = one.vertex.Digest
		}
	}
	for _, l := range in.Logs {
		if one := g.of[l.Vertex]; one == nil || !one.keep(l) {
			out.Logs = append(out.Logs, l)
		}
	}
	for _, id := range slices.Sorted(maps.Keys(g.byID)) {
		one := g.byID[id]
		if !one.idle.IsZero() && (g.now().Sub(one.idle) >= g.settle || one.vertex.Error != "") {
			one.end(out)
		}
	}
	return out
}

// The vertices that read the project, as BuildKit's dockerui calls them.
const (
	deployfileVertex   = "[internal] load build definition"
	dockerignoreVertex = "[internal] load .dockerignore"
	contextVertex      = "[internal] load build context"
)

// groupOf returns the group that a vertex is part of, nil if it stands for itself.
func groupOf(v *client.Vertex) *pb.ProgressGroup {
	if v.Name == contextVertex || v.Name == dockerignoreVertex || strings.HasPrefix(v.Name, deployfileVertex) {
		reading := toolchain.Group{Kind: toolchain.Reading, Title: "read the project"}
		return &pb.ProgressGroup{Id: reading.ID(), Name: reading.Title}
	}
	if v.ProgressGroup == nil || toolchain.KindOfGroup(v.ProgressGroup.Id) == "" {
		return nil
	}
	return v.ProgressGroup
}

// end ends the groups that seemed to go on.
func (g *groups) end() *client.SolveStatus {
	out := &client.SolveStatus{}
	for _, id := range slices.Sorted(maps.Keys(g.byID)) {
		if one := g.byID[id]; !one.idle.IsZero() {
			one.end(out)
		}
	}
	return out
}

func (g *groups) find(id, name string) *group {
	if kind := toolchain.KindOfGroup(id); g.byID[id] == nil {
		g.byID[id] = &group{
			vertex: client.Vertex{Digest: digest.FromString(id), Name: name},
			kind:   kind, members: map[digest.Digest]*member{},
			counts: kind == toolchain.Installing && g.settle == 0,
		}
	}
	return g.byID[id]
}

// take notes the state of a member, and reports whether it was begun.
func (g *group) take(v *client.Vertex, out *client.SolveStatus) bool {
	m := g.members[v.Digest]
	if m == nil {
		m = &member{}
		g.members[v.Digest] = m
	}
	m.Vertex = *v
	if v.Started == nil {
		return false
	}
	m.ran = m.ran || v.Completed == nil || g.kind == toolchain.Reading
	if v.Error != "" {
		out.Logs = append(out.Logs, m.logs...)
		if g.vertex.Error == "" || isCanceled(g.vertex.Error) {
			g.vertex.Error = v.Error
		}
	}
	if v.Completed != nil {
		m.logs = nil
	}
	return true
}

func isCanceled(text string) bool { return strings.HasSuffix(text, context.Canceled.Error()) }

// keep keeps a piece of a member's log to itself, if it does not matter unless the
// member fails.
func (g *group) keep(l *client.VertexLog) bool {
	m := g.members[l.Vertex]
	l.Vertex = g.vertex.Digest
	if m == nil || m.Error != "" || g.kind != toolchain.Installing {
		return false
	}
	m.logs = append(m.logs, l)
	return true
}

// report adds the state of the group to an event, unless it seems to be done.
func (g *group) report(out *client.SolveStatus, now time.Time) {
	var begun *time.Time
	running, cached, done := false, true, 0
	for _, m := range g.members {
		if m.Completed != nil {
			done++
		}
		switch {
		case m.Started == nil:
			continue
		case m.Completed == nil:
			running = true
			if begun == nil || m.Started.Before(*begun) {
				begun = m.Started
			}
		case g.completed == nil || m.Completed.After(*g.completed):
			g.completed = m.Completed
		}
		cached = cached && (m.Cached || !m.ran)
	}
	g.vertex.Cached = cached
	if running {
		if g.done || g.vertex.Started == nil {
			g.vertex.Started, g.done = begun, false
		}
		g.idle = time.Time{}
		v := g.vertex
		v.Error = ""
		if g.counts && done > 0 {
			v.Name += fmt.Sprintf(", %d done", done)
		}
		out.Vertexes = append(out.Vertexes, &v)
	} else {
		if g.vertex.Started == nil {
			g.vertex.Started = g.completed
		}
		if !g.done {
			g.idle = now
		}
	}
	g.downloads(out, now, running)
}

// downloads adds how many bytes came, of those that were to come.
func (g *group) downloads(out *client.SolveStatus, now time.Time, running bool) {
	s := client.VertexStatus{ID: "downloaded", Vertex: g.vertex.Digest, Started: g.vertex.Started, Timestamp: now}
	for _, m := range g.members {
		size := toolchain.FetchedSize(m.Name)
		if !m.ran || size == 0 {
			continue
		}
		s.Total += size
		if m.Completed != nil {
			s.Current += size
		}
	}
	if s.Total == 0 || g.kind != toolchain.Fetching {
		return
	}
	if !running {
		s.Completed = g.completed
	}
	out.Statuses = append(out.Statuses, &s)
}

// end reports the group as done.
func (g *group) end(out *client.SolveStatus) {
	v := g.vertex
	v.Completed = g.completed
	out.Vertexes = append(out.Vertexes, &v)
	g.done, g.idle = true, time.Time{}
}
