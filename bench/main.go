// Command bench measures the time from a change of a model to an image in a
// registry, and the bytes pushed: with this project, with the Dockerfile that
// MLflow generates, and with a Dockerfile tuned by hand. All use the same
// buildkitd and base image in the same run, because on a machine with other work
// only the ratios of one run mean anything.
//
// It needs bin/ on PATH and the base images in the environment, as set by
// hack/with-env.sh: run make bench.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"
)

// options are the command line's flags.
type options struct {
	runs                 int
	only, ways           []string
	model                string
	markdown, json, from string
	keep                 bool
	base, python         string
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:])
	stop()
	switch {
	case errors.Is(err, flag.ErrHelp):
		os.Exit(2)
	case err != nil:
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) error {
	o, err := parse(args)
	if err != nil {
		return err
	}
	var report *report
	if o.from != "" {
		report, err = readReport(o.from)
	} else {
		report, err = measureAll(ctx, o)
	}
	if err != nil {
		return err
	}
	text := report.markdown()
	if o.markdown == "-" {
		_, err = fmt.Print(text)
		return err
	}
	return os.WriteFile(o.markdown, []byte(text), 0o644)
}

// measureAll also writes the JSON file, with partial results after a failure.
func measureAll(ctx context.Context, o options) (*report, error) {
	lab, err := newLab(ctx, o)
	if lab != nil {
		defer lab.close()
	}
	if err != nil {
		return nil, err
	}
	r, err := measure(ctx, lab)
	if o.json != "" {
		err = errors.Join(err, r.writeJSON(o.json))
	}
	return r, err
}

func parse(args []string) (options, error) {
	var o options
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	list := func(to *[]string) func(string) error {
		return func(s string) error { *to = append(*to, strings.Split(s, ",")...); return nil }
	}
	flags.IntVar(&o.runs, "runs", 1, "how often every scenario is measured; the median is reported")
	flags.Func("only", "measure only these `scenarios` after cold, comma-separated: "+strings.Join(scenarioNames(), ", "), list(&o.only))
	flags.Func("ways", "measure only these `ways`, comma-separated: "+strings.Join(wayNames(), ", "), list(&o.ways))
	flags.StringVar(&o.model, "model", "iris", "`example` whose model is packed; one that needs Python packages only")
	flags.StringVar(&o.markdown, "o", "docs/benchmarks.md", "`file` that the table is written to, - for standard output")
	flags.StringVar(&o.json, "json", "", "`file` that all measurements are written to, with the time of every build step")
	flags.StringVar(&o.from, "from", "", "`file` of an earlier --json: write its table again, and measure nothing")
	flags.BoolVar(&o.keep, "keep", false, "keep the working directory with the projects and the logs")
	if err := flags.Parse(args); err != nil {
		return o, flag.ErrHelp
	}
	if flags.NArg() > 0 || o.runs < 1 {
		return o, errors.New("it takes flags only, and at least one run")
	}
	for _, s := range o.only {
		if !slices.Contains(scenarioNames(), s) {
			return o, fmt.Errorf("--only %s: the scenarios are %s", s, strings.Join(scenarioNames(), ", "))
		}
	}
	for _, w := range o.ways {
		if !slices.Contains(wayNames(), w) {
			return o, fmt.Errorf("--ways %s: the ways are %s", w, strings.Join(wayNames(), ", "))
		}
	}
	if o.from != "" {
		return o, nil
	}
	for name, to := range map[string]*string{"DEPLOYFILE_TEST_TOOLCHAIN": &o.base, "DEPLOYFILE_TEST_PYTHON": &o.python} {
		if *to = os.Getenv(name); *to == "" {
			return o, fmt.Errorf("%s is not set: run make bench, or hack/with-env.sh go run ./bench", name)
		}
	}
	return o, nil
}
