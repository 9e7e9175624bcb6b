package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/deployfile/deployfile/build"
	"github.com/deployfile/deployfile/compare"
	"github.com/deployfile/deployfile/compare/image"
	"github.com/deployfile/deployfile/deployfile"
	"github.com/spf13/cobra"
)

func diffCommand(s streams) *cobra.Command {
	var o targetDiffOptions
	cmd := &cobra.Command{
		Use:   "diff A B | diff [--target TARGET]",
		Short: "Compare two locks or images, or a target with what deploy makes",
		Long: `Say how B differs from A: packages that were added, removed or got another
version, the base image, system packages, the model's files, the config and, of
two images, the layers that they share and how much a push or a pull of B
transfers.

A and B are each a lock (the file, or the directory that it is in) or an image: a
reference to a registry, oci-layout://DIRECTORY, or an OCI archive. No builder is
needed. Whether there is a difference or not, the exit code is 0.

Without A and B, say what deployfile deploy would change at the targets, which are
asked for what they have. The exit code is then 0 if it would change nothing, and
6 if something, also where deploy would refuse it because others have set what it
would overwrite: such a conflict is named. The image is built but not pushed, unless --image names one; the
other flags of a build are for this form too.

--json prints, for locks and images, the differences; for targets a list with an
object for each: target, kind, endpoint, revision (the newest, 0 for none),
different (true or false), changes (action, object, diff, conflicts), differences
(packages and files, if git or this machine has the lock of what is deployed), error.`,
		Example: `  deployfile diff registry.example.com/iris:1 registry.example.com/iris:2
  deployfile diff registry.example.com/iris:1 .
  deployfile diff --json before/Deployfile.lock after/Deployfile.lock
  deployfile diff --target prod
  deployfile diff --all --image registry.example.com/iris@sha256:…`,
		Args: cobra.MatchAll(cobra.MaximumNArgs(2), func(_ *cobra.Command, args []string) error {
			switch {
			case len(args) == 1:
				return errors.New("there are two to compare, A and B; a target is named by --target")
			case len(args) == 2 && (len(o.targets) > 0 || o.all):
				return errors.New("a target is compared with what deploy would make of it, not with A or B")
			}
			return nil
		}),
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 2 {
				return diff(cmd.Context(), s, args[0], args[1], o.asJSON)
			}
			return targetDiff(cmd.Context(), s, o)
		},
	}
	o.releaseFlags.add(cmd.Flags(), s)
	addAll(cmd.Flags(), &o.all)
	cmd.Flags().StringArrayVar(&o.targets, "target", nil, "a `TARGET` of the Deployfile (default: the only one)")
	cmd.Flags().BoolVar(&o.asJSON, "json", false, "print the differences as JSON")
	completeFlag(cmd, "target", completeTargets(o.openHere))
	return cmd
}

func diff(ctx context.Context, s streams, a, b string, asJSON bool) error {
	return compareSides(ctx, a, b, func(_, _ *side, differences compare.Report) error {
		if asJSON {
			return s.result(differences.Comparison())
		}
		return differences.Text(s.text)
	})
}

// compareSides opens the two sides that the names stand for, and calls use with them.
func compareSides(ctx context.Context, a, b string, use func(was, is *side, differences compare.Report) error) error {
	was, err := openSide(ctx, a)
	if err != nil {
		return err
	}
	defer was.close()
	is, err := openSide(ctx, b)
	if err != nil {
		return err
	}
	defer is.close()
	before, err := was.contents(ctx, is)
	if err != nil {
		return err
	}
	after, err := is.contents(ctx, was)
	if err != nil {
		return err
	}
	return use(was, is, compare.Diff(before, after))
}

// side is one side of a comparison: a lock or an image.
type side struct {
	name  string
	lock  *build.LockFiles
	image *image.Image
}

func openSide(ctx context.Context, name string) (d *side, err error) {
	d = &side{name: name}
	if file := lockPath(name); file != "" {
		d.lock, err = build.ReadLock(ctx, file)
		return d, err
	}
	d.image, err = image.Open(ctx, name)
	var none *image.NotFoundError
	if info, e := os.Stat(name); errors.As(err, &none) && e == nil && info.IsDir() {
		return nil, fmt.Errorf("neither a lock nor an image: %s has neither %s nor an OCI image layout", name, deployfile.DefaultName+build.LockSuffix)
	}
	return d, err
}

// lockPath returns the lock that a name stands for, "" if it is an image.
func lockPath(name string) string {
	info, err := os.Stat(name)
	switch {
	case err != nil && strings.HasSuffix(name, build.LockSuffix):
		return name // reading it says what is wrong
	case err != nil:
		return ""
	case !info.IsDir() && strings.HasSuffix(name, ".tar"):
		return ""
	case !info.IsDir():
		return name
	}
	file := filepath.Join(name, deployfile.DefaultName+build.LockSuffix)
	if _, err := os.Stat(file); err != nil {
		return ""
	}
	return file
}

func (d *side) close() {
	if d.image != nil {
		_ = d.image.Close()
	}
}

// contents returns what the sides have in common to compare.
func (d *side) contents(ctx context.Context, other *side) (compare.Contents, error) {
	if d.image != nil {
		return d.image.Contents(ctx, other.image)
	}
	lock, err := d.lock.Decode()
	switch {
	case err != nil:
		return compare.Contents{}, errors.Join(fmt.Errorf("%s is not a lock that this deployfile can read", d.name), err)
	case lock == nil:
		return compare.Contents{}, fmt.Errorf("there is no lock %s: %w", d.name, fs.ErrNotExist)
	}
	return compare.FromLock(d.name, lock, d.lock.Files)
}
