package resolver

import (
	"fmt"
	"strings"

	"deps.dev/util/pypi"
)

// Interpreter is the Python that selects wheels.
type Interpreter struct {
	// Minor is 11 for Python 3.11.
	Minor int
	// Arch is the machine as in wheel tags: x86_64 or aarch64.
	Arch string
	// Glibc is the minor version of the C library, 36 for glibc 2.36.
	Glibc int
}

// tags returns the tags that the interpreter accepts (PEP 425), best first,
// in the order of packaging.tags.sys_tags on a glibc Linux.
func (i Interpreter) tags() []string {
	platforms := i.platforms()
	cp := fmt.Sprintf("cp3%d", i.Minor)
	var out []string
	add := func(python, abi string, platforms []string) {
		for _, p := range platforms {
			out = append(out, python+"-"+abi+"-"+p)
		}
	}
	add(cp, cp, platforms)
	add(cp, "abi3", platforms)
	add(cp, "none", platforms)
	for m := i.Minor - 1; m >= 2; m-- {
		add(fmt.Sprintf("cp3%d", m), "abi3", platforms)
	}
	python := []string{fmt.Sprintf("py3%d", i.Minor), "py3"}
	for m := i.Minor - 1; m >= 0; m-- {
		python = append(python, fmt.Sprintf("py3%d", m))
	}
	for _, p := range python {
		add(p, "none", platforms)
	}
	add(cp, "none", []string{"any"})
	for _, p := range python {
		add(p, "none", []string{"any"})
	}
	return out
}

// platforms lists the manylinux tags (PEP 600) down to the oldest of the
// architecture, with the older spellings (PEP 513, 571, 599) beside theirs.
func (i Interpreter) platforms() []string {
	oldest := 17
	legacy := map[int]string{17: "manylinux2014"}
	if i.Arch == "x86_64" {
		oldest = 5
		legacy[12], legacy[5] = "manylinux2010", "manylinux1"
	}
	var out []string
	for m := i.Glibc; m >= oldest; m-- {
		out = append(out, fmt.Sprintf("manylinux_2_%d_%s", m, i.Arch))
		if l, ok := legacy[m]; ok {
			out = append(out, l+"_"+i.Arch)
		}
	}
	return append(out, "linux_"+i.Arch)
}

// rank returns the position of a file name among the tags, 0 is the best; ok is
// false if the file is not a wheel or the interpreter does not accept it.
func (tags ranks) rank(filename string) (position int, build pypi.WheelBuildTag, ok bool) {
	info, err := pypi.ParseWheelName(filename)
	if err != nil {
		return 0, build, false
	}
	for _, t := range info.Platforms {
		key := strings.Join([]string{t.Python, t.ABI, t.Platform}, "-")
		if p, known := tags[key]; known && (!ok || p < position) {
			position, ok = p, true
		}
	}
	return position, info.BuildTag, ok
}

// ranks are the positions of the tags that an interpreter accepts, 0 is the best.
type ranks map[string]int

// ranks returns those of the interpreter, some thousand: once for all packages.
func (i Interpreter) ranks() ranks {
	tags := i.tags()
	out := make(ranks, len(tags))
	for n, t := range tags {
		if _, ok := out[t]; !ok {
			out[t] = n
		}
	}
	return out
}

// choose returns the index of the wheel that installers select: the best tag,
// then the highest build number; -1 if the interpreter accepts none.
func (tags ranks) choose(filenames []string) int {
	best, bestRank := -1, 0
	var bestBuild pypi.WheelBuildTag
	for n, f := range filenames {
		r, build, ok := tags.rank(f)
		if !ok {
			continue
		}
		better := best < 0 || r < bestRank ||
			r == bestRank && (build.Num > bestBuild.Num || build.Num == bestBuild.Num && build.Tag > bestBuild.Tag)
		if better {
			best, bestRank, bestBuild = n, r, build
		}
	}
	return best
}
