package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/deployfile/deployfile/bench/internal/serving"
)

// checkServed reports servers that answer otherwise than the others.
func (r *report) checkServed() error {
	for _, s := range r.Served {
		if first := r.Served[0]; !slices.Equal(s.Answers, first.Answers) {
			return fmt.Errorf("%s answers %.200s, and %s answers %.200s", s.Way, s.Answers, first.Way, first.Answers)
		}
	}
	return nil
}

// servedBy returns the servers of a way's images.
func (r *report) servedBy(way string) (out []served) {
	for _, s := range r.Served {
		if s.Way == way {
			out = append(out, s)
		}
	}
	return out
}

// middle returns the median of a number of servers; 0 if there are none.
func middle(all []served, of func(served) float64) float64 {
	numbers := []float64{0}
	for n, s := range all {
		numbers = append(numbers[:n], of(s))
	}
	slices.Sort(numbers)
	return (numbers[(len(numbers)-1)/2] + numbers[len(numbers)/2]) / 2
}

// writeServing writes how servers answer many requests.
func (r *report) writeServing(b *strings.Builder) {
	if len(r.Served) == 0 {
		return
	}
	b.WriteString("\n## Requests per second\n\n| | body | clients | a second | p50, ms | p99, ms | × MLflow's: a second | × MLflow's: p99 |\n|---|---|--:|--:|--:|--:|--:|--:|\n")
	theirs := r.servedBy(mlflowWay{}.name())
	for n, rate := range r.Served[0].Rates {
		for _, w := range ways() {
			all := r.servedBy(w.name())
			if len(all) == 0 {
				continue
			}
			value := func(all []served, of func(serving.Rate) float64) float64 {
				return middle(all, func(s served) float64 { return of(s.Rates[n]) })
			}
			second := func(x serving.Rate) float64 { return x.PerSecond }
			p50 := func(x serving.Rate) float64 { return x.P50 * 1000 }
			p99 := func(x serving.Rate) float64 { return x.P99 * 1000 }
			ratios := " | |"
			if len(theirs) > 0 && w.name() != theirs[0].Way {
				ratios = fmt.Sprintf(" %.2f | %.2f |", value(all, second)/value(theirs, second), value(all, p99)/value(theirs, p99))
			}
			fmt.Fprintf(b, "| %s | %s | %d | %.0f | %.1f | %.1f |%s\n", w.title(), rate.Body, rate.Clients, value(all, second), value(all, p50), value(all, p99), ratios)
		}
	}
	b.WriteString("\nMemory of the server after these requests: ")
	var memory []string
	for _, w := range ways() {
		if all := r.servedBy(w.name()); len(all) > 0 {
			memory = append(memory, w.title()+" "+bytesText(middle(all, func(s served) float64 { return float64(s.Memory) })))
		}
	}
	b.WriteString(strings.Join(memory, ", ") + ".\n")
}
