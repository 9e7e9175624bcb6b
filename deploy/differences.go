package deploy

import (
	"context"
	"slices"

	"github.com/deployfile/deployfile/build"
	"github.com/deployfile/deployfile/compare"
	"github.com/deployfile/deployfile/manifests"
	"github.com/deployfile/deployfile/publish"
	"github.com/deployfile/deployfile/report"
)

// differences compares the lock of what would be deployed with that of what was deployed
// last, as far as the project still has both: a target keeps the digest of a lock, and
// a repository the lock. What cannot be told is left out.
func (d *Deployer) differences(ctx context.Context, was *publish.Revision, is manifests.State) []report.Difference {
	out := []report.Difference{}
	if was == nil {
		return out
	}
	before, after := was.State.Newest().LockDigest, is.Newest().LockDigest
	if before == "" || after == "" || before == after {
		return out
	}
	a, ok := d.contentsOf(ctx, before)
	if !ok {
		return out
	}
	b, ok := d.contentsOf(ctx, after)
	if !ok {
		return out
	}
	shown := []string{string(compare.Base), string(compare.Package), string(compare.PackageSource), string(compare.SystemPackage), string(compare.ModelFile)}
	for _, c := range compare.Diff(a, b).Comparison().Changes {
		if slices.Contains(shown, c.Kind) {
			out = append(out, c)
		}
	}
	return out
}

func (d *Deployer) contentsOf(ctx context.Context, lock string) (compare.Contents, bool) {
	files, err := d.Project.LockOf(ctx, lock)
	if err != nil || files == nil {
		return compare.Contents{}, false
	}
	return contents(files)
}

func contents(files *build.LockFiles) (compare.Contents, bool) {
	lock, err := files.Decode()
	if err != nil || lock == nil {
		return compare.Contents{}, false
	}
	c, err := compare.FromLock(files.Name(), lock, files.Files)
	return c, err == nil
}
