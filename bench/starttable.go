package main

import (
	"fmt"
	"slices"
	"strings"
)

// checkStarts reports images that answer otherwise than the others.
func (r *report) checkStarts() error {
	for _, s := range r.Starts {
		if first := r.Starts[0]; s.Answer != first.Answer {
			return fmt.Errorf("%s answers %s, and %s answers %s", s.Title, s.Answer, first.Title, first.Answer)
		}
	}
	return nil
}

// writeStarts writes how long servers take to their first answer.
func (r *report) writeStarts(b *strings.Builder) {
	if len(r.Starts) == 0 {
		return
	}
	b.WriteString("\n## Start to first answer\n\n| | cold page cache | warm: median | from | to | × MLflow's, warm |\n|---|--:|--:|--:|--:|--:|\n")
	theirs, _ := r.warm(mlflowWay{}.title())
	var titles []string
	for _, s := range r.Starts {
		if slices.Contains(titles, s.Title) {
			continue
		}
		titles = append(titles, s.Title)
		warm, all := r.warm(s.Title)
		ratio := ""
		if theirs > 0 {
			ratio = fmt.Sprintf("%.2f", warm/theirs)
		}
		fmt.Fprintf(b, "| %s | %s | %s | %s | %s | %s |\n", s.Title, secondsText(r.coldStart(s.Title)), secondsText(warm), secondsText(all[0]), secondsText(all[len(all)-1]), ratio)
	}
	b.WriteString("\nSeconds from the start of the image's command to the answer to the model's saved input, in a step of the builder. All answer the same.\n")
}

// warm returns the median of the starts with a warm page cache, and all of them in order.
func (r *report) warm(title string) (median float64, all []float64) {
	for _, s := range r.Starts {
		if s.Title == title && !s.Cold {
			all = append(all, s.Seconds)
		}
	}
	if len(all) == 0 {
		return 0, []float64{0}
	}
	slices.Sort(all)
	return (all[(len(all)-1)/2] + all[len(all)/2]) / 2, all
}

func (r *report) coldStart(title string) float64 {
	for _, s := range r.Starts {
		if s.Title == title && s.Cold {
			return s.Seconds
		}
	}
	return 0
}
