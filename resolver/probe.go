package resolver

import (
	"context"
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"

	gwclient "github.com/moby/buildkit/frontend/gateway/client"
)

// NoPythonError reports that an image has no Python of the wanted version.
type NoPythonError struct {
	// Image is the reference, Want the minor version, Have the versions found.
	Image, Want string
	Have        []string
}

// Error names the versions found and what to do.
func (e *NoPythonError) Error() string {
	if len(e.Have) == 0 {
		return fmt.Sprintf("image %s has no python%s on its PATH; take a base image with Python in it", e.Image, e.Want)
	}
	return fmt.Sprintf("image %s has no python%s; it has %s. Set [environment] python or base so that they agree",
		e.Image, e.Want, strings.Join(e.Have, ", "))
}

var pythonName = regexp.MustCompile(`^python(3\.\d+)$`)

// findPython looks for python3.N in the directories of an image's PATH, without
// running any program of the image. If want is "", it returns the first Python.
func findPython(ctx context.Context, ref gwclient.Reference, image string, env []string, want string) (file, version string, err error) {
	var have []string
	for _, dir := range searchPath(env) {
		entries, err := ref.ReadDir(ctx, gwclient.ReadDirRequest{Path: dir})
		if err != nil {
			continue // a PATH may name directories that are not there
		}
		for _, e := range entries {
			m := pythonName.FindStringSubmatch(path.Base(e.Path))
			if m == nil || !isFile(ctx, ref, path.Join(dir, m[0])) {
				continue
			}
			if want == "" || m[1] == want {
				return path.Join(dir, m[0]), m[1], nil
			}
			if !slices.Contains(have, m[0]) {
				have = append(have, m[0])
			}
		}
	}
	return "", "", &NoPythonError{Image: image, Want: want, Have: have}
}

// isFile reports whether a path leads to a regular file of the image. A pipe, a
// directory or a dangling link would fail only later, during a build.
func isFile(ctx context.Context, ref gwclient.Reference, name string) bool {
	st, err := ref.StatFile(ctx, gwclient.StatRequest{Path: name})
	return err == nil && fs.FileMode(st.Mode).IsRegular()
}

func searchPath(env []string) []string {
	for _, e := range env {
		if v, ok := strings.CutPrefix(e, "PATH="); ok {
			return strings.Split(v, ":")
		}
	}
	return []string{"/usr/local/bin", "/usr/bin", "/bin"}
}

// maxLibc limits the size of a C library to inspect, in bytes.
const maxLibc = 15 << 20

var glibcRelease = regexp.MustCompile(`release version 2\.(\d+)`)

// findGlibc reads the release of the image's C library from the library itself,
// which works for any architecture.
func findGlibc(ctx context.Context, ref gwclient.Reference, image, machine string) (minor int, err error) {
	for _, name := range []string{
		"/lib/" + machine + "-linux-gnu/libc.so.6", "/usr/lib/" + machine + "-linux-gnu/libc.so.6",
		"/lib64/libc.so.6", "/usr/lib64/libc.so.6", "/lib/libc.so.6",
	} {
		if !isFile(ctx, ref, name) {
			continue
		}
		data, err := readFile(ctx, ref, name, maxLibc)
		if err != nil {
			continue
		}
		if m := glibcRelease.FindSubmatch(data); m != nil {
			return strconv.Atoi(string(m[1]))
		}
	}
	return 0, fmt.Errorf("image %s has no GNU C library for %s; wheels of the manylinux kind need one, so take a glibc base such as Debian's", image, machine)
}

// machine returns a platform's architecture as wheel tags and Debian paths
// spell it.
func machine(platform string) (string, error) {
	switch platform {
	case "linux/amd64":
		return "x86_64", nil
	case "linux/arm64":
		return "aarch64", nil
	}
	return "", fmt.Errorf("platform %q is not supported: linux/amd64 and linux/arm64 are", platform)
}

// uvPlatform returns the newest --python-platform of uv that the C library
// satisfies.
func uvPlatform(machine string, glibc int) string {
	known := []int{40, 39, 38, 37, 36, 35, 34, 33, 32, 31, 28, 17}
	for _, k := range known {
		if k <= glibc {
			return fmt.Sprintf("%s-manylinux_2_%d", machine, k)
		}
	}
	return machine + "-manylinux_2_17"
}
