package cli

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/deployfile/deployfile/build"
	"github.com/deployfile/deployfile/deployfile"
	"github.com/deployfile/deployfile/frontend"
	"github.com/deployfile/deployfile/internal/lint"
	"github.com/deployfile/deployfile/internal/untrusted"
	"github.com/deployfile/deployfile/mlmodel"
	"github.com/deployfile/deployfile/modelsource"
	"github.com/deployfile/deployfile/report"
	"github.com/deployfile/deployfile/resolver"
	"github.com/spf13/cobra"
)

// checkOptions are the flags of the check command.
type checkOptions struct {
	fileFlags
	// uri says that the user has named the model, not a Deployfile.
	uri, asJSON bool
}

func checkCommand(s streams) *cobra.Command {
	var o checkOptions
	cmd := &cobra.Command{
		Use:   "check [CONTEXT]",
		Short: "Check the Deployfile, the model and the lock",
		Long: `Check the Deployfile, the model, the requirements files that they name, and
whether the lock still fits them. The MLflow server that MLFLOW_TRACKING_URI names is
asked whether the model is still what the lock has. No builder is needed. Everything that is
wrong is printed with its line.`,
		Example: "  deployfile check\n  deployfile check --json examples/iris",
		Args:    cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			directory, closed, err := o.project(args)
			if err != nil {
				return err
			}
			defer closed()
			o.uri = len(args) > 0 && isModelURI(args[0])
			return check(cmd.Context(), s, directory, o)
		},
		ValidArgsFunction: directories,
	}
	o.fileFlags.add(cmd.Flags(), s)
	cmd.Flags().BoolVar(&o.asJSON, "json", false, "print the findings as JSON")
	return cmd
}

func check(ctx context.Context, s streams, dir string, o checkOptions) error {
	file := build.Options{Context: dir, File: o.path()}.FilePath()
	source, err := o.read(ctx, dir)
	if err != nil {
		return err
	}
	args, err := pairs("build-arg", o.args, os.LookupEnv)
	if err != nil {
		return err
	}
	c, err := untrusted.Wait(ctx, func() (*checked, error) { return inspect(ctx, dir, file, source, args, o.uri) })
	if err != nil {
		return err
	}
	if c.unasked != nil {
		// A checkout is checked where nobody reaches the store, too.
		s.warn(messageProblem(deployfile.SeverityWarning, fmt.Sprintf("nobody could be asked whether the model is still there: %v", c.unasked)))
	}
	if o.asJSON {
		if e := s.result(findings(file, c.found, c.judged, c.err)); e != nil {
			return e
		}
		return c.err
	}
	masked := lint.Mask(source, c.judged)
	for n, f := range c.judged {
		if n == shownFindings {
			fmt.Fprintf(s.err, "%d more findings are not shown: deployfile check --json lists all\n", len(c.judged)-n)
			break
		}
		_ = deployfile.Render(s.err, masked, f.Diagnostic(file))
	}
	s.warn(modelProblems(c.found.Warnings)...)
	if c.err == nil && lint.Failed(c.judged) {
		return errLint
	}
	switch {
	case c.err != nil:
	case c.found.ModelNow != nil:
		now := c.found.ModelNow
		if !o.uri {
			fmt.Fprintf(s.text, "%s is fine; ", file)
		}
		fmt.Fprintf(s.text, "%s is %s, and is checked when it is locked\n", now.Source, now.Resolved)
	case o.uri:
		fmt.Fprintf(s.text, "%s is read when it is locked, and not before\n", c.found.File.Model.Source)
	case c.found.Model == nil:
		fmt.Fprintf(s.text, "%s is fine; the model was not checked: %s is not in the build context\n", file, c.found.File.Model.Source)
	default:
		fmt.Fprintf(s.text, "%s is fine: %s, %d requirements\n", file, strings.Join(c.found.Model.Flavors, ", "), len(c.found.Inputs.Requirements))
		for _, p := range c.found.Implied {
			fmt.Fprintf(s.text, "the Debian package %s is added: %s\n", p.Name, p.Reason)
		}
	}
	return c.err
}

// ownServer reports whether a model is at the MLflow server that the user has named. No
// other is asked: a Deployfile under check may be a stranger's.
func ownServer(m deployfile.Model) bool {
	own := os.Getenv("MLFLOW_TRACKING_URI")
	return (modelsource.MLflow{}).Match(m.Source) && own != "" &&
		(m.TrackingURI == "" || strings.TrimRight(m.TrackingURI, "/") == strings.TrimRight(own, "/"))
}

// storeDeadline limits how long a store is asked what a model's source stands for.
const storeDeadline = 30 * time.Second

func askStore(ctx context.Context, p *build.Project, ask func(context.Context, *build.Project) (*modelsource.Pin, error)) (*modelsource.Pin, error) {
	ctx, cancel := context.WithTimeout(ctx, storeDeadline)
	defer cancel()
	now, err := ask(ctx, p)
	if err != nil {
		return nil, build.AtModelSource(p, err)
	}
	return now, nil
}

// shownFindings is the largest number of findings to draw.
const shownFindings = 1000

// checked is what check has found, and the error that it ends with after that is
// printed.
type checked struct {
	found  *frontend.Inspection
	judged []lint.Finding
	err    error
	// unasked is why nobody could be asked what the model's source stands for.
	unasked error
}

// inspect reads everything that a build would read of the directory.
func inspect(ctx context.Context, dir, file string, source []byte, args map[string]string, uri bool) (*checked, error) {
	files, err := openContext(dir, file)
	if err != nil {
		return nil, err
	}
	defer files.Close()
	c := &checked{}
	if c.found, c.err = frontend.Inspect(file, source, files, args); c.err != nil {
		return c, nil
	}
	var unknown error
	p := &build.Project{Path: file, Source: source, File: c.found.File}
	switch {
	case uri:
		c.found.ModelNow, unknown = askStore(ctx, p, build.FindModel)
	case ownServer(c.found.File.Model):
		c.found.ModelNow, unknown = askStore(ctx, p, build.ResolveModel)
	}
	var lock *resolver.Lock
	var pylocks map[string][]byte
	lock, pylocks, c.err = readLock(ctx, file)
	c.found.Builder = machine()
	if !uri {
		c.judged = c.found.Lint(lock, pylocks, time.Now())
	}
	if c.err == nil && lock != nil && c.found.ModelDir != "" {
		c.err = checkLock(ctx, files, c.found, file, lock, pylocks)
	}
	var unreachable net.Error
	switch {
	case errors.As(unknown, &unreachable) && !uri:
		c.unasked = unknown
	case c.err == nil:
		c.err = unknown
	}
	return c, nil
}

// machine is the platform that a builder of this machine has.
func machine() string { return "linux/" + runtime.GOARCH }

// errLint says that the findings that were printed include an error.
var errLint = errors.New("the Deployfile has to change, see above")

// readLock reads the lock beside a Deployfile, nil if it is missing.
func readLock(ctx context.Context, file string) (*resolver.Lock, map[string][]byte, error) {
	l, err := build.ReadLock(ctx, file+build.LockSuffix)
	if err != nil {
		return nil, nil, err
	}
	lock, err := l.Decode()
	if err != nil {
		return nil, nil, &frontend.StaleLockError{File: l.Name(), Changes: []string{err.Error()}}
	}
	delete(l.Files, l.Name())
	return lock, l.Files, nil
}

// checkLock compares the lock with everything that is known without a builder, a
// registry or a package index.
func checkLock(ctx context.Context, files *contextFS, found *frontend.Inspection, file string, lock *resolver.Lock, pylocks map[string][]byte) error {
	changes := lock.Stale(found.Inputs, found.File.Image.Platforms, pylocks)
	now, err := modelFiles(ctx, files, found.ModelDir, slices.Concat(modelsource.LeftOut(found.ModelDir, filepath.Base(file)), found.Model.LeftOut))
	if err != nil {
		return err
	}
	if changes = append(changes, lock.ModelChanges(now)...); len(changes) > 0 {
		return &frontend.StaleLockError{File: filepath.Base(file) + build.LockSuffix, Changes: changes}
	}
	return nil
}

// findings returns the findings, with an error as the last.
func findings(file string, found *frontend.Inspection, judged []lint.Finding, err error) []report.Finding {
	out := []report.Finding{}
	for _, f := range judged {
		out = append(out, report.Finding{Kind: "deployfile", Diagnostic: f.Diagnostic(file)})
	}
	for _, w := range found.Warnings {
		d := at(w.File, w.Line)
		d.Rule, d.Severity, d.Message = "model", deployfile.SeverityWarning, w.Message
		out = append(out, report.Finding{Kind: "model", Diagnostic: d})
	}
	return append(out, problems(file, err)...)
}

// at returns a finding at a line. One about a whole file is shown at its first line.
func at(file string, line int) deployfile.Diagnostic {
	p := deployfile.Position{Line: max(line, 1), Column: 1}
	return deployfile.Diagnostic{File: file, Range: deployfile.Range{Start: p, End: p}}
}

// problems returns an error as findings.
func problems(file string, err error) (out []report.Finding) {
	var several frontend.Mistakes
	var wrong deployfile.Errors
	var stale *frontend.StaleLockError
	switch {
	case err == nil:
	case errors.As(err, &several):
		for _, one := range several {
			out = append(out, problems(file, one)...)
		}
	case errors.As(err, &wrong):
		for _, d := range wrong {
			out = append(out, report.Finding{Kind: "deployfile", Diagnostic: d})
		}
	case errors.As(err, &stale):
		for _, c := range stale.Changes {
			d := at(stale.File, 0)
			d.Rule, d.Severity, d.Message, d.Hint = "stale-lock", deployfile.SeverityError, c, "run: deployfile lock"
			out = append(out, report.Finding{Kind: "lock", Diagnostic: d})
		}
	default:
		for _, f := range mlmodel.Faults(err) {
			d := at(f.File, f.Line)
			d.Rule, d.Severity, d.Message, d.Hint = "model", deployfile.SeverityError, f.Message, f.Hint
			out = append(out, report.Finding{Kind: "model", Diagnostic: d})
		}
		if len(mlmodel.Faults(err)) > 0 {
			break
		}
		d := at(file, 0)
		message, hint := splitHints(ordinary(err))
		if sources := drawable(err); len(sources) > 0 {
			d = diagnosticOf(sources[0].Info, sources[0].Ranges[0], deployfile.SeverityError, "")
		}
		d.Rule, d.Severity, d.Message, d.Hint = "model", deployfile.SeverityError, message, hint
		out = append(out, report.Finding{Kind: "model", Diagnostic: d})
	}
	return out
}
