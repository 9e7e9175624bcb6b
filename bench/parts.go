package main

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/moby/buildkit/client"
	"github.com/opencontainers/go-digest"
)

// vertex is a part of a build in BuildKit's progress. Parts run in parallel:
// their times do not add up to the build's.
type vertex struct {
	Name    string  `json:"name"`
	Seconds float64 `json:"seconds"`
	// Cached says that nothing was executed.
	Cached bool `json:"cached,omitempty"`
}

// readParts reads a rawjson log and returns the longest part first; exports and
// pushes come with their parts.
func readParts(log string) ([]vertex, error) {
	events, err := readEvents(log)
	if err != nil {
		return nil, err
	}
	names := map[digest.Digest]string{}
	parts := map[string]*vertex{}
	part := func(name string) *vertex {
		if parts[name] == nil {
			parts[name] = &vertex{Name: name}
		}
		return parts[name]
	}
	for _, e := range events {
		for _, v := range e.Vertexes {
			names[v.Digest] = v.Name
			if v.Started == nil || v.Completed == nil {
				continue
			}
			known := parts[v.Name] != nil
			p := part(v.Name)
			p.Seconds = max(p.Seconds, v.Completed.Sub(*v.Started).Seconds())
			// A step executed for one result is cached for the next.
			p.Cached = v.Cached && (!known || p.Cached)
		}
		for _, s := range e.Statuses {
			if s.Started != nil && s.Completed != nil && strings.HasPrefix(names[s.Vertex], "exporting") {
				p := part(names[s.Vertex] + ": " + s.ID)
				p.Seconds = max(p.Seconds, s.Completed.Sub(*s.Started).Seconds())
			}
		}
	}
	var out []vertex
	for _, p := range parts {
		out = append(out, *p)
	}
	slices.SortFunc(out, func(a, b vertex) int {
		return cmp.Or(cmp.Compare(b.Seconds, a.Seconds), strings.Compare(a.Name, b.Name))
	})
	return out, nil
}

func readEvents(log string) ([]client.SolveStatus, error) {
	file, err := os.Open(log)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	var out []client.SolveStatus
	for d := json.NewDecoder(file); ; {
		var s client.SolveStatus
		switch err := d.Decode(&s); {
		case errors.Is(err, io.EOF):
			return out, nil
		case err != nil:
			return nil, fmt.Errorf("%s: %w", log, err)
		}
		out = append(out, s)
	}
}

// lastLines returns the last output of a build's steps.
func lastLines(log string) string {
	events, err := readEvents(log)
	if err != nil {
		return err.Error()
	}
	var text strings.Builder
	for _, e := range events {
		for _, l := range e.Logs {
			text.Write(l.Data)
		}
	}
	lines := strings.Split(text.String(), "\n")
	return strings.Join(lines[max(0, len(lines)-40):], "\n")
}
