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

// memory returns the memory of all other processes of the container, in bytes.
func memory() (bytes int64, err error) {
	processes, err := filepath.Glob("/proc/[0-9]*")
	if err != nil {
		return 0, err
	}
	for _, dir := range processes {
		if filepath.Base(dir) == strconv.Itoa(os.Getpid()) {
			continue
		}
		of, err := pss(dir)
		if errors.Is(err, fs.ErrPermission) {
			of, err = rss(dir)
		}
		// It has ended, or was not waited for.
		if errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ESRCH) {
			continue
		}
		if err != nil {
			return 0, err
		}
		bytes += of
	}
	return bytes, nil
}

// pss is what a process has alone, and its share of what it has with others.
func pss(dir string) (int64, error) {
	text, err := os.ReadFile(filepath.Join(dir, "smaps_rollup"))
	if err != nil {
		return 0, err
	}
	_, number, _ := strings.Cut(string(text), "\nPss:")
	var kb int64
	if _, err := fmt.Sscan(number, &kb); err != nil {
		return 0, fmt.Errorf("%s: no Pss: %w", dir, err)
	}
	return kb << 10, nil
}

// rss is all that a process has, for one of another user, such as nginx' worker.
func rss(dir string) (int64, error) {
	text, err := os.ReadFile(filepath.Join(dir, "statm"))
	if err != nil {
		return 0, err
	}
	var size, resident int64
	if _, err := fmt.Sscan(string(text), &size, &resident); err != nil {
		return 0, fmt.Errorf("%s/statm: %w", dir, err)
	}
	return resident * int64(os.Getpagesize()), nil
}
