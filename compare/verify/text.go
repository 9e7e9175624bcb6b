package verify

import (
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"

	"github.com/deployfile/deployfile/compare"
	"github.com/deployfile/deployfile/report"
)

// maxFiles is the number of files of a layer that Text shows.
const maxFiles = 20

// Text writes a verification for people to read.
func Text(w io.Writer, r *report.Verification) error {
	var b strings.Builder
	for _, c := range r.Causes {
		b.WriteString(cause(c))
	}
	for _, p := range r.Platforms {
		if p.Same {
			fmt.Fprintf(&b, "%s: the same, %s\n", p.Platform, p.Was)
			continue
		}
		fmt.Fprintf(&b, "%s: the image is %s and the rebuild %s\n", p.Platform, p.Was, p.Is)
		for _, l := range p.Layers {
			layer(&b, l)
		}
		fields(&b, "config", p.Config)
		fields(&b, "manifest", p.Manifest)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func layer(b *strings.Builder, l report.VerifiedLayer) {
	fmt.Fprintf(b, "  layer %d, %q", l.Number, l.CreatedBy)
	switch {
	case l.Was == "":
		b.WriteString(": only the rebuild has it\n")
	case l.Is == "":
		b.WriteString(": only the image has it\n")
	case l.Compressed:
		b.WriteString(": the same files, compressed otherwise\n")
	case len(l.Files) == 0:
		b.WriteString(": the same files, archived otherwise\n")
	default:
		b.WriteString("\n")
		files := withoutBytecode(l.Files)
		for n, f := range files {
			if n == maxFiles {
				fmt.Fprintf(b, "    and %d more; --json has them all\n", len(files)-n)
				break
			}
			fmt.Fprintf(b, "    %s\n", sentence(f))
		}
	}
}

// cause says what the lock decided otherwise for the image.
func cause(c report.Difference) string {
	what := strings.TrimSuffix(strings.ReplaceAll(c.Kind, "-", " "), " image") + " " + c.Name
	if len(c.Platforms) > 0 {
		what = strings.Join(c.Platforms, ", ") + ": " + what
	}
	switch c.Op {
	case string(compare.Added):
		return fmt.Sprintf("%s: only the rebuild has it\n", what)
	case string(compare.Removed):
		return fmt.Sprintf("%s: only the image has it\n", what)
	}
	return fmt.Sprintf("%s is %s in the image and %s in the rebuild\n", what, orNone(c.Was), orNone(c.Is))
}

var bytecode = regexp.MustCompile(`^(.*?)__pycache__/([^/]+)\.cpython-[0-9]+\.pyc$`)

// withoutBytecode leaves out the bytecode of files that differ themselves.
func withoutBytecode(files []report.FileDiff) []report.FileDiff {
	differ := map[string]bool{}
	for _, f := range files {
		differ[f.File] = true
	}
	return slices.DeleteFunc(slices.Clone(files), func(f report.FileDiff) bool {
		m := bytecode.FindStringSubmatch(f.File)
		return m != nil && differ[m[1]+m[2]+".py"]
	})
}

func sentence(f report.FileDiff) string {
	switch f.Attribute {
	case compare.Missing:
		return f.File + ": only the image has it"
	case compare.Extra:
		return f.File + ": only the rebuild has it"
	}
	return fmt.Sprintf("%s: %s is %s in the image and %s in the rebuild", f.File, f.Attribute, orNone(f.Was), orNone(f.Is))
}

func fields(b *strings.Builder, what string, list []report.FieldDiff) {
	for _, f := range list {
		fmt.Fprintf(b, "  %s: %s is %s in the image and %s in the rebuild\n", what, f.Field, orNone(f.Was), orNone(f.Is))
	}
}

func orNone(value string) string {
	if value == "" {
		return "missing"
	}
	return value
}
