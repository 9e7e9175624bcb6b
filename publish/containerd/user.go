package containerd

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"os"
	"slices"
	"strings"

	client "github.com/containerd/containerd/v2/client"
	"github.com/containerd/containerd/v2/core/containers"
	"github.com/containerd/containerd/v2/core/mount"
	"github.com/containerd/containerd/v2/pkg/oci"
	"github.com/containerd/continuity/fs"
	"github.com/moby/sys/user"
	"github.com/opencontainers/runtime-spec/specs-go"
)

// withImage configures the container to run the image's command, as user unless that is
// "".
//
// oci.WithImageConfig and oci.WithUser would do, but they need text/template.
// It calls methods by their names, so that the linker keeps all methods of all
// types: a third of the program.
func withImage(image client.Image, as string) oci.SpecOpts {
	return func(ctx context.Context, c oci.Client, made *containers.Container, s *oci.Spec) error {
		i, err := image.Spec(ctx)
		if err != nil {
			return err
		}
		s.Process.Args = append(slices.Clone(i.Config.Entrypoint), i.Config.Cmd...)
		s.Process.Cwd = cmp.Or(i.Config.WorkingDir, "/")
		if s.Process.Env = i.Config.Env; len(s.Process.Env) == 0 {
			if err := oci.WithDefaultPathEnv(ctx, c, made, s); err != nil {
				return err
			}
		}
		u, err := findUser(ctx, c, made, cmp.Or(as, i.Config.User))
		if err != nil {
			return err
		}
		s.Process.User = specs.User{UID: uint32(u.Uid), GID: uint32(u.Gid), AdditionalGids: []uint32{uint32(u.Gid)}}
		for _, id := range u.Sgids {
			if id != u.Gid {
				s.Process.User.AdditionalGids = append(s.Process.User.AdditionalGids, uint32(id))
			}
		}
		return nil
	}
}

// findUser looks up a user, "" for root, in the file system of a container. A numeric
// ID need not exist there.
func findUser(ctx context.Context, c oci.Client, made *containers.Container, name string) (*user.ExecUser, error) {
	// For uid:gid there is nothing to look up.
	if u, err := user.GetExecUser(name, nil, nil, nil); err == nil && strings.Contains(name, ":") {
		return u, nil
	}
	mounts, err := c.SnapshotService(made.Snapshotter).Mounts(ctx, made.SnapshotKey)
	if err != nil {
		return nil, err
	}
	var found *user.ExecUser
	err = mount.WithReadonlyTempMount(ctx, mounts, func(root string) error {
		passwd, err := userFile(root, "/etc/passwd")
		if err != nil {
			return err
		}
		group, err := userFile(root, "/etc/group")
		if err != nil {
			return err
		}
		found, err = user.GetExecUserPath(name, nil, passwd, group)
		return err
	})
	if err == nil {
		err = checkIDs(found)
	}
	if err != nil {
		return nil, fmt.Errorf("user %q of the image: %w", name, err)
	}
	return found, nil
}

// checkIDs refuses IDs of an image's files that are out of range: 2³² would become
// root's.
func checkIDs(u *user.ExecUser) error {
	for _, id := range append([]int{u.Uid, u.Gid}, u.Sgids...) {
		if id < 0 || id > math.MaxInt32 {
			return fmt.Errorf("invalid uid or gid %d", id)
		}
	}
	return nil
}

// userFile returns the path of a file of an image, "" unless it is a regular file:
// opening a pipe would block forever.
func userFile(root, name string) (string, error) {
	path, err := fs.RootPath(root, name)
	if err != nil {
		return "", err
	}
	if info, err := os.Lstat(path); err != nil || !info.Mode().IsRegular() {
		return "", nil
	}
	return path, nil
}
