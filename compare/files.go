package compare

import (
	"cmp"
	"maps"
	"slices"
	"strconv"

	"github.com/deployfile/deployfile/report"
)

// File is an entry of a layer's tar archive. Every attribute is a string, so
// that any difference can be shown without interpreting it.
type File struct {
	// Name is the path of the entry.
	Name string
	// Attributes are by name: type, mode, uid, gid, mtime, size, content and so
	// on, without those that the entry lacks.
	Attributes map[string]string
}

// Differences that are not an attribute.
const (
	// Missing is a file only in the first archive, Extra one only in the second.
	Missing = "missing"
	Extra   = "extra"
	// Order is a file at another position in the archive.
	Order = "order"
)

// Files compares the entries of two archives, in the order of the first.
func Files(was, is []File) []report.FileDiff {
	out := []report.FileDiff{}
	now := map[string]int{}
	for n, f := range is {
		now[f.Name] = n
	}
	known := map[string]bool{}
	for _, f := range was {
		known[f.Name] = true
		n, ok := now[f.Name]
		if !ok {
			out = append(out, report.FileDiff{File: f.Name, Attribute: Missing})
			continue
		}
		out = append(out, attributes(f, is[n])...)
	}
	for _, f := range is {
		if !known[f.Name] {
			out = append(out, report.FileDiff{File: f.Name, Attribute: Extra})
		}
	}
	if len(out) > 0 {
		return out
	}
	for n, f := range was {
		if n < len(is) && is[n].Name == f.Name {
			continue
		}
		return append(out, report.FileDiff{File: f.Name, Attribute: Order, Was: strconv.Itoa(n), Is: strconv.Itoa(now[f.Name])})
	}
	return out
}

func attributes(was, is File) []report.FileDiff {
	var out []report.FileDiff
	names := slices.Collect(maps.Keys(was.Attributes))
	for name := range is.Attributes {
		if _, ok := was.Attributes[name]; !ok {
			names = append(names, name)
		}
	}
	slices.SortFunc(names, cmp.Compare)
	for _, name := range names {
		if a, b := was.Attributes[name], is.Attributes[name]; a != b {
			out = append(out, report.FileDiff{File: was.Name, Attribute: name, Was: a, Is: b})
		}
	}
	return out
}
