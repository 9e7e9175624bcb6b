package main

import (
	"fmt"
	"slices"
	"strings"
)

// markdown returns docs/benchmarks.md.
func (r *report) markdown() string {
	var b strings.Builder
	b.WriteString(intro)
	r.writeMachine(&b)
	b.WriteString("\n## Results\n")
	for _, s := range scenarios() {
		if !r.has(s.name) {
			continue
		}
		fmt.Fprintf(&b, "\n### %s\n\n| | seconds | pushed | pulled | image | × tuned: time | × tuned: bytes | × MLflow: time | × MLflow: bytes |\n|---|--:|--:|--:|--:|--:|--:|--:|--:|\n", upper(s.title))
		for _, w := range ways() {
			r.writeRow(&b, w, s.name)
		}
	}
	b.WriteString(`
A ratio is the other way's time or bytes divided by the row's: 20 means twenty times
faster, or a twentieth of the bytes.
`)
	r.writeStarts(&b)
	r.writeServing(&b)
	r.writeAgreement(&b)
	r.writeSteps(&b)
	r.writeParts(&b)
	b.WriteString(method)
	return b.String()
}

func (r *report) writeMachine(b *strings.Builder) {
	m := r.Machine
	fmt.Fprintf(b, `
| | |
|---|---|
| date | %s |
| machine | %d cores, %d GB of memory, Linux %s |
| load average | %.1f to %.1f |
| BuildKit | %s, runc, overlayfs |
| uv | %s |
| MLflow | %s |
| Python of the model | %s |
| model | examples/%s |
| base image | %.1f MB |
| runs | %d |
`, m.Date, m.Cores, m.MemoryGB, m.Kernel, m.LoadMin, m.LoadMax, m.BuildKit, m.UV, m.MLflow, m.Python, m.Model, m.BaseMB, m.Runs)
}

func (r *report) has(scenario string) bool {
	return slices.ContainsFunc(r.Measurements, func(m measurement) bool { return m.Scenario == scenario })
}

func seconds(m measurement) float64 { return m.Seconds }
func pushed(m measurement) float64  { return float64(m.Pushed) }
func pulled(m measurement) float64  { return float64(m.Pulled) }
func size(m measurement) float64    { return float64(m.Image.Bytes) }

func (r *report) writeRow(b *strings.Builder, w way, scenario string) {
	t, ok := r.median(w.name(), scenario, seconds)
	if !ok {
		return
	}
	p, _ := r.median(w.name(), scenario, pushed)
	pull, _ := r.median(w.name(), scenario, pulled)
	i, _ := r.median(w.name(), scenario, size)
	fmt.Fprintf(b, "| %s | %s | %s | %s | %s |", w.title(), secondsText(t), bytesText(p), bytesText(pull), bytesText(i))
	for _, other := range []string{tunedWay{}.name(), mlflowWay{}.name()} {
		for _, x := range []struct {
			value float64
			of    func(measurement) float64
		}{{t, seconds}, {p, pushed}} {
			v, ok := r.median(other, scenario, x.of)
			switch {
			case !ok || other == w.name() || x.value < 1e-9:
				b.WriteString(" |")
			default:
				fmt.Fprintf(b, " %s |", ratioText(v/x.value))
			}
		}
	}
	b.WriteString("\n")
}

// writeAgreement compares the results of two builders with empty caches.
func (r *report) writeAgreement(b *strings.Builder) {
	b.WriteString("\n## Two cold builders\n\n| | same digest | identical layers | of those, the base's | image | × MLflow's image |\n|---|---|--:|--:|--:|--:|\n")
	for _, w := range ways() {
		of := r.of(w.name(), cold)
		if len(of) < 2 {
			continue
		}
		one, two := of[0].Image, of[1].Image
		same := 0
		for _, l := range one.Layers {
			if slices.Contains(two.Layers, l) {
				same++
			}
		}
		digest := "no"
		if one.Digest == two.Digest {
			digest = "yes"
		}
		ratio := ""
		if theirs, ok := r.median(mlflowWay{}.name(), cold, size); ok {
			ratio = fmt.Sprintf("%.2f", float64(one.Bytes)/theirs)
		}
		fmt.Fprintf(b, "| %s | %s | %d of %d | %d | %s | %s |\n", w.title(), digest, same, len(one.Layers), r.Machine.BaseLayers, bytesText(float64(one.Bytes)), ratio)
	}
}

// writeSteps separates lock and build for ways that have both.
func (r *report) writeSteps(b *strings.Builder) {
	b.WriteString("\n## Lock and build separately\n\nThe seconds of the verified Deployfile above are the sum of `deployfile lock` and `deployfile build`, except if nothing changed and there is nothing to lock.\n\n| | lock | build | of that, verify | wheel layers installed |\n|---|--:|--:|--:|--:|\n")
	w := deployfileWay{verify: true}.name()
	for _, s := range scenarios() {
		if !r.has(s.name) || len(r.of(w, s.name)) == 0 {
			continue
		}
		cell := func(of func(measurement) float64) string {
			v, _ := r.median(w, s.name, of)
			return secondsText(v)
		}
		installs, _ := r.median(w, s.name, func(m measurement) float64 { return float64(m.installs()) })
		fmt.Fprintf(b, "| %s | %s | %s | %s | %.0f |\n", s.title, cell(stepSeconds("lock")), cell(stepSeconds("build")), cell(verifySeconds), installs)
	}
}

func stepSeconds(name string) func(measurement) float64 {
	return func(m measurement) float64 {
		for _, s := range m.Steps {
			if s.Step == name {
				return s.Seconds
			}
		}
		return 0
	}
}

// The names of this project's steps.
const (
	installPrefix = "install "
	verifyName    = "verify that the image answers"
)

func verifySeconds(m measurement) float64 {
	var sum float64
	for _, s := range m.Steps {
		for _, p := range s.Parts {
			if p.Name == verifyName && !p.Cached {
				sum += p.Seconds
			}
		}
	}
	return sum
}

// installs counts the wheel layers that were installed.
func (m measurement) installs() int {
	n := 0
	for _, s := range m.Steps {
		for _, p := range s.Parts {
			if strings.HasPrefix(p.Name, installPrefix) && !p.Cached {
				n++
			}
		}
	}
	return n
}

// writeParts shows where this project spends its time.
func (r *report) writeParts(b *strings.Builder) {
	b.WriteString("\n## Where the Deployfile's seconds go\n\nThe longest parts, from BuildKit's progress. They run in parallel and do not add up.\n\n| | part | seconds |\n|---|---|--:|\n")
	for _, s := range scenarios() {
		of := r.of(deployfileWay{verify: true}.name(), s.name)
		if len(of) == 0 {
			continue
		}
		for _, step := range of[0].Steps {
			for _, p := range step.Parts[:min(5, len(step.Parts))] {
				if p.Seconds >= 0.05 && !p.Cached {
					fmt.Fprintf(b, "| %s, %s | %s | %s |\n", s.name, step.Step, short(p.Name), secondsText(p.Seconds))
				}
			}
		}
	}
}

// short shortens digests and long lists.
func short(name string) string {
	if before, _, ok := strings.Cut(name, "@sha256:"); ok {
		name = before
	}
	if r := []rune(name); len(r) > 60 {
		name = string(r[:60]) + "…"
	}
	return "`" + name + "`"
}

func upper(s string) string { return strings.ToUpper(s[:1]) + s[1:] }

func secondsText(s float64) string {
	if s >= 10 {
		return fmt.Sprintf("%.1f", s)
	}
	return fmt.Sprintf("%.2f", s)
}

func bytesText(n float64) string {
	if n < 1e5 {
		return fmt.Sprintf("%.1f kB", n/1e3)
	}
	return fmt.Sprintf("%.1f MB", n/1e6)
}

func ratioText(x float64) string {
	if x >= 10 {
		return fmt.Sprintf("%.0f", x)
	}
	if x < 0.1 {
		return fmt.Sprintf("%.4f", x)
	}
	return fmt.Sprintf("%.1f", x)
}
