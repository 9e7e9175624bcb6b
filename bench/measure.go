package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"
)

// stepLimit limits the time of one step.
const stepLimit = 20 * time.Minute

// measurement is the result of one way in one scenario.
type measurement struct {
	Way      string `json:"way"`
	Scenario string `json:"scenario"`
	// Run counts from 1.
	Run int `json:"run"`
	// Seconds is the total time of all steps.
	Seconds float64     `json:"seconds"`
	Steps   []stepTimes `json:"steps"`
	// Pushed is the number of bytes that the registry received.
	Pushed int64 `json:"pushed-bytes"`
	// Pulled is the number of bytes that a node pulls which has the image before.
	Pulled int64 `json:"pulled-bytes"`
	Image  image `json:"image"`
}

// stepTimes are the times of a step and of BuildKit's parts of it.
type stepTimes struct {
	Step    string   `json:"step"`
	Seconds float64  `json:"seconds"`
	Parts   []vertex `json:"parts"`
}

// measure runs every scenario in every way. Each way has a new builder and a
// new registry in every run; each way has at least two cold builds, to compare
// their results. After a failure it returns the measurements so far.
func measure(ctx context.Context, l *lab) (*report, error) {
	r := &report{}
	var err error
	if r.Machine, err = describe(ctx, l); err != nil {
		return r, err
	}
	for run := 1; run <= max(2, l.runs); run++ {
		for _, w := range ways() {
			if len(l.ways) > 0 && !slices.Contains(l.ways, w.name()) {
				continue
			}
			if err := l.measureWay(ctx, w, run, r); err != nil {
				return r, fmt.Errorf("%s, run %d: %w", w.name(), run, err)
			}
		}
	}
	return r, nil
}

func (l *lab) measureWay(ctx context.Context, w way, run int, r *report) error {
	logs := filepath.Join(l.dir, "logs", fmt.Sprintf("%s-%d", w.name(), run))
	if err := os.MkdirAll(logs, 0o755); err != nil {
		return err
	}
	dir := filepath.Join(l.dir, "rig")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	rig, err := newRig(ctx, dir)
	if err != nil {
		return err
	}
	defer rig.close()
	r.Machine.BuildKit = rig.builder.Version()
	project := filepath.Join(dir, "project")
	if err := os.MkdirAll(project, 0o755); err != nil {
		return err
	}
	c := call{lab: l, rig: rig, dir: project, tag: rig.registry.ref("model:latest")}
	var before image
	now := inputs{model: l.first, base: l.bases.ref("base:1")}
	for _, s := range scenarios() {
		if s.name != cold && (run > l.runs || !l.wants(s.name) || s.asked && len(l.only) == 0) {
			continue
		}
		if s.before != nil {
			s.before(l, &now)
			m, err := c.do(ctx, w, now, true, filepath.Join(logs, s.name+"-before"))
			if err != nil {
				return fmt.Errorf("before %s: %w", s.name, err)
			}
			before = m.Image
		}
		if s.change != nil {
			s.change(l, &now)
		}
		for n := range max(1, s.times) {
			m, err := c.do(ctx, w, now, s.name == cold || s.change != nil, filepath.Join(logs, fmt.Sprintf("%s-%d", s.name, n)))
			if err != nil {
				return fmt.Errorf("%s: %w", s.name, err)
			}
			if v := uvVersion(project); v != "" {
				r.Machine.UV = v
			}
			m.Way, m.Scenario, m.Run = w.name(), s.name, run
			m.Pulled, before = m.Image.pulled(before), m.Image
			if err := r.Machine.seeLoad(); err != nil {
				return err
			}
			r.Measurements = append(r.Measurements, *m)
			fmt.Fprintf(os.Stderr, "%s, %s, run %d: %.2f s, %.1f MB pushed\n", m.Way, m.Scenario, run, m.Seconds, float64(m.Pushed)/1e6)
		}
		// Our images differ in their compression alone.
		if ours, ok := w.(deployfileWay); s.name == cold && (!ok || ours == deployfileWay{}) {
			if err := c.measureServer(ctx, w, run, now.model, logs, r); err != nil {
				return err
			}
		}
	}
	return errors.Join(r.checkStarts(), r.checkServed())
}

// measureServer measures the server of the image that a way has pushed: its start in the
// first run, and the requests that it answers in every run.
func (c call) measureServer(ctx context.Context, w way, run int, model, logs string, r *report) error {
	if run == 1 && c.lab.wants(starting) {
		starts, err := c.measureStarts(ctx, w, model, filepath.Join(logs, starting))
		if err != nil {
			return fmt.Errorf("%s: %w", starting, err)
		}
		r.Starts = append(r.Starts, starts...)
	}
	if c.lab.wants(answering) {
		s, err := c.measureServing(ctx, w, model, filepath.Join(logs, answering+".json"))
		if err != nil {
			return fmt.Errorf("%s: %w", answering, err)
		}
		r.Served = append(r.Served, s)
		first := s.Rates[0]
		fmt.Fprintf(os.Stderr, "%s, %s, run %d: %.0f requests a second of %d client, p99 %.1f ms\n", w.name(), answering, run, first.PerSecond, first.Clients, first.P99*1000)
	}
	return nil
}

// do writes the change and measures the steps that follow it.
func (c call) do(ctx context.Context, w way, i inputs, changed bool, logs string) (*measurement, error) {
	if changed {
		if err := w.write(ctx, c.lab, c.dir, i); err != nil {
			return nil, err
		}
	}
	before, err := c.rig.registry.stored()
	if err != nil {
		return nil, err
	}
	m := &measurement{}
	for _, s := range w.steps(changed) {
		t, err := c.step(ctx, s, logs+"-"+s.name+".json")
		if err != nil {
			return nil, err
		}
		m.Seconds += t.Seconds
		m.Steps = append(m.Steps, t)
	}
	after, err := c.rig.registry.stored()
	if err != nil {
		return nil, err
	}
	m.Pushed = after - before
	m.Image, err = c.rig.registry.inspect(ctx, "model:latest")
	return m, err
}

func (c call) step(ctx context.Context, s step, log string) (stepTimes, error) {
	ctx, cancel := context.WithTimeout(ctx, stepLimit)
	defer cancel()
	var err error
	if c.log, err = os.Create(log); err != nil {
		return stepTimes{}, err
	}
	defer c.log.Close()
	start := time.Now()
	err = s.run(ctx, c)
	t := stepTimes{Step: s.name, Seconds: time.Since(start).Seconds()}
	if err != nil {
		return t, fmt.Errorf("%s: %w\n%s", s.name, err, lastLines(log))
	}
	t.Parts, err = readParts(log)
	return t, err
}

// median returns the median of a number over the measurements of one way in one
// scenario; false if there are none.
func (r *report) median(way, scenario string, of func(measurement) float64) (float64, bool) {
	var all []float64
	for _, m := range r.of(way, scenario) {
		all = append(all, of(m))
	}
	if len(all) == 0 {
		return 0, false
	}
	slices.SortFunc(all, cmp.Compare[float64])
	if n := len(all); n%2 == 0 {
		return (all[n/2-1] + all[n/2]) / 2, true
	}
	return all[len(all)/2], true
}

func (r *report) of(way, scenario string) []measurement {
	var out []measurement
	for _, m := range r.Measurements {
		if m.Way == way && m.Scenario == scenario {
			out = append(out, m)
		}
	}
	return out
}
