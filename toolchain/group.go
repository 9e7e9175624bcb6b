package toolchain

import (
	"fmt"
	"strings"

	"github.com/docker/go-units"
	bkllb "github.com/moby/buildkit/client/llb"
)

// Group is a line of the progress display that stands for several vertices, a progress
// group of BuildKit. It is metadata: no digest and no cache key depends on it.
type Group struct {
	Kind GroupKind
	// Title is what is shown; groups of a build with one Kind and Title are one.
	Title string
}

// GroupKind says what the vertices of a group do.
type GroupKind string

const (
	// Prepare makes scripts and directories for others.
	Prepare GroupKind = "prepare"
	// Fetching downloads files; FetchedSize knows the sizes of some.
	Fetching GroupKind = "fetch"
	// Installing installs packages. What the vertices log says nothing unless they fail.
	Installing GroupKind = "install"
	// Placing copies files into the image.
	Placing GroupKind = "copy"
	// Reading sends the project's files to the builder; its vertices are BuildKit's own.
	Reading GroupKind = "read"
)

const groupPrefix = "deployfile "

// Option returns the constraint that puts a vertex into the group.
func (g Group) Option() bkllb.ConstraintsOpt {
	return bkllb.ProgressGroup(g.ID(), g.Title, false)
}

// ID returns what identifies the group among BuildKit's progress groups.
func (g Group) ID() string { return groupPrefix + string(g.Kind) + " " + g.Title }

// KindOfGroup returns the kind of BuildKit's progress group with an id, "" for one of
// somebody else.
func KindOfGroup(id string) GroupKind {
	rest, ours := strings.CutPrefix(id, groupPrefix)
	kind, _, _ := strings.Cut(rest, " ")
	if !ours {
		return ""
	}
	return GroupKind(kind)
}

// Preparing returns the group of what makes the toolchain ready.
func Preparing() Group { return Group{Prepare, "prepare the toolchain"} }

// Internal names a vertex that prepares others. The display shows it only while
// something of its group takes time.
func Internal(name string) []bkllb.ConstraintsOpt {
	g := Preparing()
	return []bkllb.ConstraintsOpt{
		bkllb.WithCustomName("[internal] " + name),
		bkllb.ProgressGroup(g.ID(), g.Title, true),
	}
}

// Size returns a number of bytes for people, three digits long: "178MB".
func Size(bytes int64) string { return units.HumanSizeWithPrecision(float64(bytes), 3) }

// Count returns how many files there are and, if all sizes are known, how large they
// are together: "54 wheels (178MB)".
func Count(files []Download, what string) string {
	if len(files) != 1 {
		what += "s"
	}
	text, total := fmt.Sprintf("%d %s", len(files), what), int64(0)
	for _, f := range files {
		if f.Size == 0 {
			return text
		}
		total += f.Size
	}
	if total == 0 {
		return text
	}
	return text + " (" + Size(total) + ")"
}

// fetchTitle names a vertex that downloads a file.
func fetchTitle(d Download) string {
	if d.Size == 0 {
		return "fetch " + d.Filename
	}
	return "fetch " + d.Filename + " (" + Size(d.Size) + ")"
}

// FetchedSize returns the size of the file that a vertex of this name downloads, to
// three digits; 0 if its name has none.
func FetchedSize(name string) int64 {
	open := strings.LastIndex(name, " (")
	if open < 0 || !strings.HasSuffix(name, ")") {
		return 0
	}
	size, err := units.FromHumanSize(name[open+2 : len(name)-1])
	if err != nil {
		return 0
	}
	return size
}
