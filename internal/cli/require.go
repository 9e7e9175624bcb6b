package cli

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"deps.dev/util/pypi"
	"github.com/deployfile/deployfile/build"
	"github.com/deployfile/deployfile/deployfile"
	"github.com/deployfile/deployfile/internal/require"
	"github.com/deployfile/deployfile/internal/untrusted"
	"github.com/deployfile/deployfile/manifests/kinds"
	"github.com/deployfile/deployfile/mlmodel"
	"github.com/deployfile/deployfile/modelsource"
	"github.com/deployfile/deployfile/report"
	"github.com/deployfile/deployfile/resolver"
	"github.com/spf13/cobra"
)

// requireOptions are the flags of the add and remove commands.
type requireOptions struct {
	dir, file string
	asJSON    bool
}

func (o *requireOptions) add(cmd *cobra.Command) {
	cmd.Flags().StringVarP(&o.dir, "directory", "C", ".", "the `DIRECTORY` that the build may read, with the Deployfile")
	addJSON(cmd.Flags(), &o.asJSON)
	cmd.Flags().StringVarP(&o.file, "file", "f", "", "the Deployfile, a `FILE` (default: Deployfile in the directory)")
}

func addCommand(s streams) *cobra.Command {
	var o requireOptions
	cmd := &cobra.Command{
		Use:   "add REQUIREMENT…",
		Short: "Require Python packages in the Deployfile",
		Long: `Write requirements into the Deployfile: under requirements of [environment], or
under override if the model requires another version of the same package. A
requirement of the same name is replaced. The model is not changed, and comments and
order of the Deployfile stay. No builder is needed; deployfile lock resolves the
requirements.`,
		Example: `  deployfile add 'scipy>=1.11'
  deployfile add numpy==1.26.4 'tool @ git+https://git.example.com/team/tool@v1.2'`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return o.edit(cmd.Context(), s, args, func(e *require.Editor, text string, context fs.FS) (string, error) {
				r, err := mlmodel.ParseRequirement(context, text, 0)
				if err != nil {
					return "", &usageError{err}
				}
				return e.Add(text, r)
			})
		},
	}
	o.add(cmd)
	return cmd
}

func removeCommand(s streams) *cobra.Command {
	var o requireOptions
	cmd := &cobra.Command{
		Use:   "remove NAME…",
		Short: "Install Python packages no longer",
		Long: `Take packages out of requirements and override of [environment] in the Deployfile.
What the model requires, or a package that the lock has, is written under without,
which leaves it out. The model is not changed, and comments and order of the
Deployfile stay. No builder is needed.`,
		Example: `  deployfile remove pywin32
  deployfile remove -- '-e .'      # a line of the model that names no package`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return o.edit(cmd.Context(), s, args, func(e *require.Editor, text string, _ fs.FS) (string, error) {
				return e.Remove(text)
			})
		},
	}
	cmd.ValidArgsFunction = completePackages(&o.dir, &o.file)
	o.add(cmd)
	return cmd
}

// edit changes the Deployfile for each argument, and writes it if all succeed.
func (o requireOptions) edit(ctx context.Context, s streams, args []string, change func(e *require.Editor, arg string, context fs.FS) (string, error)) error {
	file := build.Options{Context: o.dir, File: o.file}.FilePath()
	source, err := build.ReadDeployfile(ctx, o.dir, o.file)
	if err != nil {
		return err
	}
	context, err := untrusted.OpenDirectory(o.dir)
	if err != nil {
		return err
	}
	defer context.Close()
	lock, err := build.ReadLock(ctx, file+build.LockSuffix)
	if err != nil {
		return err
	}
	e, err := untrusted.Wait(ctx, func() (*require.Editor, error) { return newEditor(file, source, context, lock) })
	if err != nil {
		return err
	}
	var changes []string
	for _, arg := range args {
		changed, err := change(e, strings.TrimSpace(arg), context)
		if err != nil {
			return err
		}
		changes = append(changes, changed)
	}
	r := report.Edit{File: file, Changed: string(e.Bytes()) != string(source), Changes: changes}
	if r.Changed {
		target, err := linked(o.dir, file)
		if err != nil {
			return err
		}
		if err := build.WriteFile(target, e.Bytes()); err != nil {
			return err
		}
		changes = append(changes, "next: deployfile lock")
	}
	if o.asJSON {
		return s.result(r)
	}
	fmt.Fprintln(s.text, strings.Join(changes, "\n"))
	return nil
}

// linked returns the file that a link leads to, so that the link stays one. It refuses
// a link that leads out of the project: what is there may belong to others.
func linked(dir, file string) (string, error) {
	info, err := os.Lstat(file)
	if err != nil || info.Mode().Type() != fs.ModeSymlink {
		return file, err
	}
	target, err := filepath.EvalSymlinks(file)
	if err != nil {
		return "", err
	}
	root, err := filepath.EvalSymlinks(dir)
	if err != nil {
		return "", err
	}
	paths := []string{root, target}
	for i := range paths {
		if paths[i], err = filepath.Abs(paths[i]); err != nil {
			return "", err
		}
	}
	if inside, err := filepath.Rel(paths[0], paths[1]); err != nil || !filepath.IsLocal(inside) {
		return "", fmt.Errorf("%s is a link to %s, which is outside of %s, and is not changed; name the file itself with --file", file, target, dir)
	}
	return target, nil
}

// newEditor reads what a Deployfile and its model require.
func newEditor(file string, source []byte, context fs.FS, files *build.LockFiles) (*require.Editor, error) {
	e := &require.Editor{Context: context, Parse: func(data []byte) (*deployfile.File, error) {
		f, _, err := deployfile.Parse(file, data, kinds.All())
		return f, err
	}}
	f, err := e.Parse(source)
	if err != nil {
		return nil, err
	}
	for _, item := range f.Environment.Requirements {
		if !require.NamesFile(context, item) {
			continue
		}
		own, _, err := mlmodel.ParseRequirements(context, item)
		if err != nil {
			return nil, err
		}
		e.Own = append(e.Own, own.Requirements...)
	}
	scheme, err := modelsource.Find(f.Model.Source)
	if err != nil {
		return nil, err
	}
	// The next lock replaces one that cannot be decoded.
	lock, _ := files.Decode()
	if dir := scheme.Local(f.Model.Source); dir != "" {
		m, _, err := mlmodel.Read(context, dir)
		if err != nil {
			return nil, err
		}
		e.Model, e.Refused = m.Requirements, m.Refused
	} else if lock != nil {
		e.Model = lockedRequirements(lock, context)
	}
	if lock != nil {
		locked := lockedNames(lock, files.Files)
		e.Locked = func(name string) bool { return locked[name] }
	}
	return e, e.Open(source)
}

// lockedRequirements returns the requirements of a lock, for a model that only a
// builder can read.
func lockedRequirements(lock *resolver.Lock, context fs.FS) []mlmodel.Requirement {
	var out []mlmodel.Requirement
	for _, text := range lock.Inputs.Requirements {
		if r, err := mlmodel.ParseRequirement(context, text, 0); err == nil {
			out = append(out, r)
		}
	}
	return out
}

// lockedNames returns the normalised names of the packages that are locked.
func lockedNames(lock *resolver.Lock, files map[string][]byte) map[string]bool {
	names := map[string]bool{}
	for _, file := range lock.PylockNames() {
		p, err := resolver.ParsePylock(files[file])
		if err != nil {
			continue // replaced by the next lock
		}
		for _, pkg := range p.Packages {
			names[pypi.CanonPackageName(pkg.Name)] = true
		}
	}
	return names
}
