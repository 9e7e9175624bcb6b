package main

import (
	"fmt"
	"regexp"
	"strings"
)

// platformTags returns the platform tags of wheels by Go's names (the platform
// compatibility tags of packaging.python.org). A program without a C library runs with
// any, so Linux has those of glibc and musl; Go 1.26 runs on macOS 12 and later.
func platformTags() map[string][]string {
	linux := func(arch string) []string {
		return []string{"manylinux2014_" + arch, "manylinux_2_17_" + arch, "musllinux_1_1_" + arch}
	}
	return map[string][]string{
		"linux/amd64": linux("x86_64"), "linux/arm64": linux("aarch64"),
		"darwin/amd64": {"macosx_12_0_x86_64"}, "darwin/arm64": {"macosx_12_0_arm64"},
		"windows/amd64": {"win_amd64"}, "windows/arm64": {"win_arm64"},
	}
}

// described matches what git describe says of a release, or of a commit after one.
var described = regexp.MustCompile(`^v?(\d+(?:\.\d+)*)(?:-(alpha|beta|rc)\.?(\d+))?(?:-(\d+)-g([0-9a-f]+))?(-dirty)?$`)

// other matches what has no place in a local version.
var other = regexp.MustCompile(`[^a-zA-Z0-9]+`)

// pythonVersion returns a version as PEP 440 has it: v1.2.0-rc.1 is 1.2.0rc1, and a
// commit after a release is that release with a local version.
func pythonVersion(version string) string {
	m := described.FindStringSubmatch(version)
	if m == nil {
		return strings.TrimSuffix("0.dev0+"+strings.Trim(other.ReplaceAllString(version, "."), "."), "+")
	}
	out := m[1] + map[string]string{"": "", "alpha": "a", "beta": "b", "rc": "rc"}[m[2]] + m[3]
	var local []string
	if m[4] != "" {
		local = append(local, m[4], "g"+m[5])
	}
	if m[6] != "" {
		local = append(local, "dirty")
	}
	if len(local) > 0 {
		out += "+" + strings.Join(local, ".")
	}
	return out
}

// metadata returns the core metadata, version 2.4.
func (w *wheel) metadata(readme string) string {
	return fmt.Sprintf(`Metadata-Version: 2.4
Name: deployfile
Version: %s
Summary: Packages MLflow models as images, reproducibly, and deploys them
License-Expression: Apache-2.0
License-File: LICENSE
Requires-Python: >=3.11
Classifier: Environment :: Console
Classifier: Operating System :: MacOS
Classifier: Operating System :: Microsoft :: Windows
Classifier: Operating System :: POSIX :: Linux
Classifier: Programming Language :: Go
Classifier: Programming Language :: Python :: 3
Classifier: Topic :: Scientific/Engineering :: Artificial Intelligence
Classifier: Typing :: Typed
Description-Content-Type: text/markdown

%s`, w.Version, readme)
}

// entryPoints are how others find the package: MLflow its target "deployfile".
const entryPoints = "[mlflow.deployments]\ndeployfile = deployfile.mlflow.plugin\n"

// wheel returns the file WHEEL.
func (w *wheel) wheel() string {
	var b strings.Builder
	b.WriteString("Wheel-Version: 1.0\nGenerator: deployfile\nRoot-Is-Purelib: false\n")
	for _, tag := range w.Tags {
		fmt.Fprintf(&b, "Tag: py3-none-%s\n", tag)
	}
	return b.String()
}
