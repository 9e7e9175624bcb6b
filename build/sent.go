package build

import (
	"io"
	"sync/atomic"
	"time"

	"github.com/moby/buildkit/client"
)

// sendingID is BuildKit's name for what it sends of an image that the client receives. It
// says when that begins and ends, and not how much came.
const sendingID = "sending tarball"

// sentInterval is how often it is told how much came.
const sentInterval = 500 * time.Millisecond

// sent counts the bytes that the client receives.
type sent struct {
	bytes atomic.Int64
	told  int64
	// status is what BuildKit said of it, nil if nothing is being sent.
	status *client.VertexStatus
}

// count has what the only export sends counted. With several, nobody knows whose bytes
// came.
func (s *sent) count(exports []client.ExportEntry) {
	if len(exports) != 1 || exports[0].Output == nil {
		return
	}
	open := exports[0].Output
	exports[0].Output = func(attrs map[string]string) (io.WriteCloser, error) {
		w, err := open(attrs)
		if err != nil {
			return nil, err
		}
		return counted{w, s}, nil
	}
}

type counted struct {
	io.WriteCloser
	sent *sent
}

// Write counts what was taken.
func (c counted) Write(data []byte) (int, error) {
	n, err := c.WriteCloser.Write(data)
	c.sent.bytes.Add(int64(n))
	return n, err
}

// note adds the number to what BuildKit says. It modifies the event.
func (s *sent) note(in *client.SolveStatus) {
	for _, status := range in.Statuses {
		if status.ID != sendingID || s.bytes.Load() == 0 && status.Completed != nil {
			continue
		}
		status.Current = s.bytes.Load()
		s.status = status
		if status.Completed != nil {
			s.status = nil
		}
	}
}

// tell returns an event with how much came, nil if that has been told.
func (s *sent) tell() *client.SolveStatus {
	n := s.bytes.Load()
	if s.status == nil || n == s.told {
		return nil
	}
	s.told = n
	status := *s.status
	status.Current, status.Timestamp = n, time.Now()
	return &client.SolveStatus{Statuses: []*client.VertexStatus{&status}}
}
