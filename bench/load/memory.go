package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// memory returns the memory of all other processes of the container, in bytes: what each
// has alone, and its share of what it has with others (PSS).
func memory() (bytes int64, err error) {
	processes, err := filepath.Glob("/proc/[0-9]*")
	if err != nil {
		return 0, err
	}
	for _, dir := range processes {
		if filepath.Base(dir) == strconv.Itoa(os.Getpid()) {
			continue
		}
		text, err := os.ReadFile(filepath.Join(dir, "smaps_rollup"))
		// It has ended, or was not waited for.
		if errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ESRCH) {
			continue
		}
		if err != nil {
			return 0, err
		}
		_, pss, _ := strings.Cut(string(text), "\nPss:")
		var kb int64
		if _, err := fmt.Sscan(pss, &kb); err != nil {
			return 0, fmt.Errorf("%s: no Pss: %w", dir, err)
		}
		bytes += kb << 10
	}
	return bytes, nil
}
