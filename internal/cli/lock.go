package cli

import (
	"context"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"

	"github.com/deployfile/deployfile/build"
	"github.com/deployfile/deployfile/compare"
	"github.com/deployfile/deployfile/frontend"
	"github.com/spf13/cobra"
)

// lockOptions are the flags of the lock command.
type lockOptions struct {
	inputFlags
	upgrade                     []string
	upgradeModel, check, asJSON bool
}

// upgradeAll is --upgrade without a value.
const upgradeAll = "*"

func lockCommand(s streams) *cobra.Command {
	var o lockOptions
	cmd := &cobra.Command{
		Use:   "lock [--upgrade [PACKAGE…]] [CONTEXT]",
		Short: "Pin all that the image is made of",
		Long: `Resolve what the Deployfile and the model ask for, in the builder, and write the
answer beside the Deployfile: Deployfile.lock (images by digest, Debian packages
and the model's files by hash) and pylock.toml (Python packages, PEP 751).
Commit both. What is locked stays as it is unless it no longer fits, or --upgrade
names it.`,
		Example: `  deployfile lock
  deployfile lock --upgrade                   # everything, images too
  deployfile lock --upgrade numpy scipy
  deployfile lock --upgrade-model             # what models:/iris@champion is now
  deployfile lock --check                     # exit with 3 if the lock would change`,
		Args: cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, args []string) (err error) {
			if slices.Contains(o.upgrade, upgradeAll) {
				if o.upgrade, args, err = upgraded(o.upgrade, args); err != nil {
					return &usageError{err}
				}
			}
			if err := cobra.MaximumNArgs(1)(cmd, args); err != nil {
				return &usageError{err}
			}
			directory, err := o.context(args)
			if err != nil {
				return err
			}
			return lock(cmd.Context(), s, directory, o)
		},
	}
	packages := completePackages(&o.directory, &o.file)
	cmd.ValidArgsFunction = func(cmd *cobra.Command, args []string, typed string) ([]cobra.Completion, cobra.ShellCompDirective) {
		if len(o.upgrade) > 0 {
			return packages(cmd, args, typed)
		}
		return directories(cmd, args, typed)
	}
	flags := cmd.Flags()
	o.add(flags, s)
	flags.StringSliceVar(&o.upgrade, "upgrade", nil, "take newer versions: of everything, or of each `PACKAGE` that follows")
	flags.Lookup("upgrade").NoOptDefVal = upgradeAll
	completeFlag(cmd, "upgrade", packages)
	flags.BoolVar(&o.upgradeModel, "upgrade-model", false, "take the model that its source stands for now, and leave the rest")
	flags.BoolVar(&o.check, "check", false, "write nothing, and say what would change and fail if anything would")
	flags.BoolVar(&o.asJSON, "json", false, "print the changes as JSON")
	return cmd
}

// upgraded tells the packages behind --upgrade, which pflag takes for arguments,
// from the context, which is a directory.
func upgraded(values, args []string) (packages, context []string, err error) {
	for _, a := range args {
		info, err := os.Stat(a)
		switch {
		case err == nil && info.IsDir():
			context = append(context, a)
		case packagePattern().MatchString(a):
			packages = append(packages, a)
		default:
			return nil, nil, fmt.Errorf("%q is neither a package's name nor a directory", a)
		}
	}
	if len(packages) > 0 {
		values = slices.DeleteFunc(values, func(v string) bool { return v == upgradeAll })
	}
	return append(values, packages...), context, nil
}

// packagePattern returns the pattern of a project's name (PEP 508).
func packagePattern() *regexp.Regexp {
	return regexp.MustCompile(`(?i)^[a-z0-9]([a-z0-9._-]*[a-z0-9])?$`)
}

// lockChangeError reports that lock --check found changes to write.
type lockChangeError struct{ file string }

func (e *lockChangeError) Error() string {
	return e.file + " would change; run: deployfile lock"
}

func lock(ctx context.Context, s streams, dir string, o lockOptions) error {
	p, err := o.open(ctx, dir)
	if err != nil {
		return err
	}
	args := map[string]string{}
	if len(o.upgrade) > 0 {
		args[frontend.ArgUpgrade] = strings.Join(o.upgrade, ",")
	}
	if o.upgradeModel {
		args[frontend.ArgUpgradeModel] = "1"
	}
	made, err := o.files(ctx, s, p, frontend.OutputLock, args)
	if err != nil {
		return err
	}
	old, err := build.ReadLock(ctx, p.Path+build.LockSuffix)
	if err != nil {
		return err
	}
	changes, err := compare.Locks(old.Name(), old.Files, made)
	if err != nil {
		return err
	}
	if o.asJSON {
		err = s.result(changes)
	} else {
		_, err = fmt.Fprint(s.text, lockText(changes))
	}
	switch {
	case err != nil:
		return err
	case o.check && changes.Changed:
		return &lockChangeError{file: changes.File}
	case o.check:
		return nil
	}
	return old.Replace(made)
}
