package builder

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/deployfile/deployfile/internal/network"
	specs "github.com/opencontainers/runtime-spec/specs-go"
	"golang.org/x/sys/unix"
)

const cgroupDir = "/sys/fs/cgroup"

// confine removes what no model needs from a server: capabilities, the
// privileges of setuid programs, and resources beyond the limits. Limits that
// the machine cannot enforce are returned as warnings, as in Docker.
func confine(spec *specs.Spec, limits network.Limits) (warnings []error) {
	spec.Process.NoNewPrivileges = true
	spec.Process.Capabilities = &specs.LinuxCapabilities{}
	if spec.Linux.Resources == nil {
		spec.Linux.Resources = &specs.LinuxResources{}
	}
	if limits.Processes > 0 {
		if err := needController("pids"); err == nil {
			spec.Linux.Resources.Pids = &specs.LinuxPids{Limit: &limits.Processes}
		} else {
			warnings = append(warnings, fmt.Errorf("the server's processes are not limited: %w", err))
		}
	}
	if limits.Memory > 0 {
		if err := needController("memory"); err == nil {
			spec.Linux.Resources.Memory = &specs.LinuxMemory{Limit: &limits.Memory}
		} else {
			warnings = append(warnings, fmt.Errorf("the server's memory is not limited: %w", err))
		}
	}
	return warnings
}

// needController returns an error if a control group's controller cannot be
// used, clearer than runc's.
func needController(name string) error {
	var disk unix.Statfs_t
	if err := unix.Statfs(cgroupDir, &disk); err != nil {
		return fmt.Errorf("the machine has no control groups at %s: %w", cgroupDir, err)
	}
	if disk.Type != unix.CGROUP2_SUPER_MAGIC {
		if _, err := os.Stat(filepath.Join(cgroupDir, name)); err != nil {
			return fmt.Errorf("the machine's control groups have no %q: %w", name, err)
		}
		return nil
	}
	// buildkitd enables what it can at its start.
	enabled, err := os.ReadFile(filepath.Join(cgroupDir, "cgroup.subtree_control"))
	if err != nil {
		return err
	}
	if !slices.Contains(strings.Fields(string(enabled)), name) {
		return fmt.Errorf("%q is not in %s/cgroup.subtree_control: give the container that this runs in control groups of its own", name, cgroupDir)
	}
	return nil
}
