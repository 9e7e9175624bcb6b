package builder

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"strconv"
	"time"
)

// SuperviseOptions are passed to a supervisor by the command that starts it.
type SuperviseOptions struct {
	StateDir    string        // as in Options, absolute
	Buildkitd   string        // the daemon's program, absolute
	DiskLimit   int64         // as in Options
	IdleTimeout time.Duration // as in Options

	// inner marks the process that becomes buildkitd.
	inner bool
	// runc is the command of a process that becomes runc, nil for others.
	runc []string
}

// Args returns the options as a command line for ParseSuperviseArgs.
func (o SuperviseOptions) Args() []string {
	return []string{
		"--state-dir", o.StateDir,
		"--buildkitd", o.Buildkitd,
		"--disk-limit", strconv.FormatInt(o.DiskLimit, 10),
		"--idle-timeout", o.IdleTimeout.String(),
	}
}

// ParseSuperviseArgs parses the result of Args.
func ParseSuperviseArgs(args []string) (SuperviseOptions, error) {
	var o SuperviseOptions
	flags := flag.NewFlagSet("builder-supervise", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	flags.StringVar(&o.StateDir, "state-dir", "", "")
	flags.StringVar(&o.Buildkitd, "buildkitd", "", "")
	flags.Int64Var(&o.DiskLimit, "disk-limit", DefaultDiskLimit, "")
	flags.DurationVar(&o.IdleTimeout, "idle-timeout", DefaultIdleTimeout, "")
	flags.BoolVar(&o.inner, "inner", false, "")
	isRuntime := flags.Bool("runtime", false, "")
	if err := flags.Parse(args); err != nil {
		return o, fmt.Errorf("builder-supervise: %w", err)
	}
	if *isRuntime {
		o.runc = flags.Args()
	}
	if o.StateDir == "" || o.Buildkitd == "" || *isRuntime != (flags.NArg() > 0) {
		return o, errors.New("builder-supervise: started by deployfile itself, with --state-dir and --buildkitd")
	}
	return o, nil
}
