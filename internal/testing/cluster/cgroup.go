//go:build linux

package cluster

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
)

// cgroups is the name of the control group that a node's pods are below, in
// every hierarchy: one for each controller with version 1 of the kernel's
// interface, a single one with version 2.
type cgroups string

func (c cgroups) dirs() []string {
	const root = "/sys/fs/cgroup"
	if _, err := os.Stat(filepath.Join(root, "cgroup.controllers")); err == nil {
		return []string{filepath.Join(root, string(c))}
	}
	var dirs []string
	procs, _ := filepath.Glob(filepath.Join(root, "*", "cgroup.procs"))
	for _, p := range procs {
		dirs = append(dirs, filepath.Join(filepath.Dir(p), string(c)))
	}
	return dirs
}

func (c cgroups) create() error {
	for _, dir := range c.dirs() {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return err
		}
		// With version 1 a new group may use no processor at first.
		for _, file := range []string{"cpuset.cpus", "cpuset.mems"} {
			parent, err := os.ReadFile(filepath.Join(filepath.Dir(dir), file))
			if errors.Is(err, fs.ErrNotExist) {
				continue
			}
			if err != nil {
				return err
			}
			if err := os.WriteFile(filepath.Join(dir, file), parent, 0o644); err != nil {
				return err
			}
		}
	}
	return nil
}
