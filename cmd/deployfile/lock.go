package main

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/deployfile/deployfile/build"
	"github.com/deployfile/deployfile/frontend"
	gwclient "github.com/moby/buildkit/frontend/gateway/client"
	"github.com/spf13/cobra"
)

// lockOptions are the flags of the lock command.
type lockOptions struct {
	inputFlags
	upgrade       []string
	check, asJSON bool
}

// upgradeAll is --upgrade without a value.
const upgradeAll = "*"

func lockCommand(s streams) *cobra.Command {
	var o lockOptions
	cmd := &cobra.Command{
		Use:   "lock [CONTEXT]",
		Short: "Pin all that the image is made of",
		Long: `Resolve what the Deployfile and the model ask for, in the builder, and write the
answer beside the Deployfile: Deployfile.lock (images by digest, Debian packages
and the model's files by hash) and pylock.toml (Python packages, PEP 751).
Commit both. What is locked stays as it is unless it no longer fits, or --upgrade
names it.`,
		Example: `  deployfile lock
  deployfile lock --upgrade                   # everything, images too
  deployfile lock --upgrade=numpy,scipy
  deployfile lock --check                     # exit with 3 if the lock would change`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return lock(cmd.Context(), s, contextFolder(args), o)
		},
	}
	flags := cmd.Flags()
	o.add(flags)
	flags.StringSliceVar(&o.upgrade, "upgrade", nil, "take newer versions, of these packages only if --upgrade=NAME,… names some")
	flags.Lookup("upgrade").NoOptDefVal = upgradeAll
	flags.BoolVar(&o.check, "check", false, "write nothing, and fail if the lock would change")
	flags.BoolVar(&o.asJSON, "json", false, "print the changes as JSON")
	return cmd
}

// lockChangeError says that lock --check found something to write.
type lockChangeError struct{ file string }

func (e *lockChangeError) Error() string {
	return e.file + " would change; run: deployfile lock"
}

func lock(ctx context.Context, s streams, folder string, o lockOptions) error {
	p, err := openProject(folder, o.file)
	if err != nil {
		return err
	}
	opt, err := o.options(p, frontend.TargetLock, s)
	if err != nil {
		return err
	}
	if len(o.upgrade) > 0 {
		opt.Args[frontend.ArgUpgrade] = strings.Join(o.upgrade, ",")
	}
	var made map[string][]byte
	opt.Then = func(ctx context.Context, built *build.Built) (err error) {
		made, err = readResult(ctx, built.Result)
		return err
	}
	b, err := o.find(ctx)
	if err != nil {
		return err
	}
	defer b.Close()
	r, err := build.Run(ctx, b, opt)
	if err != nil {
		return err
	}
	reportWarnings(s.err, r.Warnings)
	files := lockFiles{dir: filepath.Dir(p.path), name: filepath.Base(p.path) + ".lock", made: made}
	if err := files.readOld(); err != nil {
		return err
	}
	changes, err := files.changes()
	if err != nil {
		return err
	}
	if o.asJSON {
		err = writeJSON(s.out, changes)
	} else {
		_, err = fmt.Fprint(s.out, changes.text())
	}
	switch {
	case err != nil:
		return err
	case o.check && changes.Changed:
		return &lockChangeError{file: changes.File}
	case o.check:
		return nil
	}
	return files.write()
}

// readResult reads the files of a result that is a folder of small files.
func readResult(ctx context.Context, r *gwclient.Result) (map[string][]byte, error) {
	ref, err := r.SingleRef()
	if err != nil {
		return nil, err
	}
	entries, err := ref.ReadDir(ctx, gwclient.ReadDirRequest{Path: "/"})
	if err != nil {
		return nil, err
	}
	files := map[string][]byte{}
	for _, e := range entries {
		if files[e.Path], err = ref.ReadFile(ctx, gwclient.ReadRequest{Filename: e.Path}); err != nil {
			return nil, err
		}
	}
	return files, nil
}
