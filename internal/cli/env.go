package cli

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/deployfile/deployfile/build"
	"github.com/deployfile/deployfile/frontend"
	"github.com/deployfile/deployfile/internal/pyenv"
	"github.com/deployfile/deployfile/internal/untrusted"
	"github.com/deployfile/deployfile/llb"
	"github.com/deployfile/deployfile/report"
	"github.com/deployfile/deployfile/resolver"
	"github.com/spf13/cobra"
)

func envCommand(s streams) *cobra.Command {
	var o inputFlags
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "env DIR [CONTEXT]",
		Short: "Make the image's Python environment on this machine",
		Long: `Make the locked Python packages as a virtual environment in the new directory DIR,
for notebooks, tests and debugging: the versions and hashes of the lock, and nothing
else. uv makes it if it is on PATH, else venv and pip; they use their own
configuration, credentials and mirrors.

It is for Linux, as the lock is. No builder is needed, unless the lock has packages
that are built from source: their wheels come from the builder.`,
		Example: "  deployfile env .venv\n  .venv/bin/python -c 'import mlflow; print(mlflow.pyfunc.load_model(\"model\"))'",
		Args:    cobra.RangeArgs(1, 2),
		RunE: func(cmd *cobra.Command, args []string) error {
			directory, err := o.context(args[1:])
			if err != nil {
				return err
			}
			return env(cmd.Context(), s, args[0], directory, o, asJSON)
		},
		ValidArgsFunction: directories,
	}
	o.add(cmd.Flags(), s)
	addJSON(cmd.Flags(), &asJSON)
	return cmd
}

func env(ctx context.Context, s streams, dir, project string, o inputFlags, asJSON bool) error {
	p, err := o.open(ctx, project)
	if err != nil {
		return err
	}
	args, err := o.buildArgs()
	if err != nil {
		return err
	}
	made, err := untrusted.Wait(ctx, func() (*madeEnvironment, error) { return readEnvironment(ctx, p, args) })
	if err != nil {
		return err
	}
	made.request.Log = s.err
	wheels, err := os.MkdirTemp("", "deployfile-wheels-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(wheels)
	made.request.Built = func(ctx context.Context) (string, error) {
		o.locked, o.platforms = true, []string{made.platform}
		return filepath.Join(wheels, llb.EjectedWheels), o.export(ctx, s, p, frontend.OutputWheels, wheels)
	}
	final, err := filepath.Abs(dir)
	if err != nil {
		return err
	}
	if err := makeDirectory(dir, func(temp string) error { return made.request.Make(ctx, temp, final) }); err != nil {
		return err
	}
	if asJSON {
		return s.result(report.Directory{Directory: dir})
	}
	_, err = fmt.Fprintf(s.err, "%s has the %d locked packages; next: %s\n", dir, len(made.request.Pylock.Packages), filepath.Join(dir, "bin", "python"))
	return err
}

// madeEnvironment is what an environment is made from.
type madeEnvironment struct {
	platform string
	request  pyenv.Request
}

// readEnvironment reads the lock, which must fit the Deployfile and the model.
func readEnvironment(ctx context.Context, p *build.Project, args map[string]string) (*madeEnvironment, error) {
	lock, pylocks, err := readLock(ctx, p.Path)
	if err != nil {
		return nil, err
	}
	name := filepath.Base(p.Path) + build.LockSuffix
	if lock == nil {
		return nil, &frontend.NoLockError{File: name, By: "deployfile env"}
	}
	files, err := untrusted.OpenDirectory(p.Dir)
	if err != nil {
		return nil, err
	}
	defer files.Close()
	found, err := frontend.Inspect(p.Path, p.Source, files, args)
	if err != nil {
		return nil, err
	}
	now := found.Inputs
	if found.ModelDir == "" {
		now = lock.Inputs // only a builder can read the model
	}
	if changes := lock.Stale(now, nil, pylocks); len(changes) > 0 {
		return nil, &frontend.StaleLockError{File: name, Changes: changes}
	}
	platform, err := pyenv.Platform(lock)
	if err != nil {
		return nil, err
	}
	pylock, err := resolver.ParsePylock(pylocks[platform.Pylock])
	if err != nil {
		return nil, fmt.Errorf("%s: %w", platform.Pylock, err)
	}
	dir, err := filepath.Abs(p.Dir)
	return &madeEnvironment{platform.Name, pyenv.Request{Lock: lock, Pylock: pylock, Context: dir}}, err
}
