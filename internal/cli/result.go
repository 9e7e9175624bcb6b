package cli

import (
	"encoding/json"
	"io"
	"slices"

	"github.com/spf13/pflag"
)

// asksJSON reports whether a command line has --json, even one that is refused.
func asksJSON(args []string) bool {
	if n := slices.Index(args, "--"); n >= 0 {
		args = args[:n]
	}
	return slices.Contains(args, "--json") || slices.Contains(args, "--json=true")
}

// addJSON adds the flag of a command whose result programs can read.
func addJSON(flags *pflag.FlagSet, asJSON *bool) {
	flags.BoolVar(asJSON, "json", false, "print the result as JSON")
}

// result prints the value of a --json.
func (s streams) result(v any) error {
	s.events.result(v)
	e := encoder(s.out)
	e.SetIndent("", "  ")
	return e.Encode(v)
}

// warn prints warnings.
func (s streams) warn(problems ...problem) {
	for _, p := range problems {
		s.events.warn(p.report())
		p.draw(s.err)
	}
}

// encodeLine writes a value as JSON on one line.
func encodeLine(w io.Writer, v any) error { return encoder(w).Encode(v) }

func encoder(w io.Writer) *json.Encoder {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	return e
}
