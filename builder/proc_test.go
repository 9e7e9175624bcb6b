//go:build linux && integration

package builder_test

import (
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/deployfile/deployfile/builder"
)

func asGone(err error, gone **builder.GoneError) bool { return errors.As(err, gone) }

// descendantNamed finds a process below another whose command line begins with
// name; 0 if there is none.
func descendantNamed(t *testing.T, ancestor int, name string) int {
	t.Helper()
	entries, err := os.ReadDir("/proc")
	if err != nil {
		t.Fatal(err)
	}
	parents := map[int]int{}
	named := []int{}
	for _, e := range entries {
		pid, err := strconv.Atoi(e.Name())
		if err != nil {
			continue
		}
		stat, err := os.ReadFile(filepath.Join("/proc", e.Name(), "stat"))
		if err != nil {
			continue
		}
		// "pid (name) state parent …": the name may hold anything.
		_, rest, _ := strings.Cut(string(stat[strings.LastIndexByte(string(stat), ')'):]), " ")
		parents[pid], _ = strconv.Atoi(strings.Fields(rest)[1])
		command, err := os.ReadFile(filepath.Join("/proc", e.Name(), "cmdline"))
		if err == nil && strings.HasPrefix(string(command), name+"\x00") {
			named = append(named, pid)
		}
	}
	for _, pid := range named {
		for p := pid; p > 1; p = parents[p] {
			if p == ancestor {
				return pid
			}
		}
	}
	return 0
}
