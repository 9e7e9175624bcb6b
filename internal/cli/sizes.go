package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"github.com/deployfile/deployfile/build"
	"github.com/deployfile/deployfile/compare"
	"github.com/deployfile/deployfile/frontend"
	"github.com/deployfile/deployfile/internal/sizes"
	"github.com/deployfile/deployfile/report"
	"github.com/spf13/pflag"
)

// The values of --format.
const (
	formatTable = "table"
	formatJSON  = "json"
	formatHTML  = "html"
)

// sizesFlags are the flags of plan that are about sizes.
type sizesFlags struct {
	sizes, asJSON bool
	format, other string
}

func (f *sizesFlags) add(flags *pflag.FlagSet) {
	flags.BoolVar(&f.sizes, "sizes", false, "print where the bytes are instead")
	flags.BoolVar(&f.asJSON, "json", false, "print JSON")
	flags.StringVar(&f.format, "format", "", "the `FORMAT`: table, json, or for sizes html (default: table on a terminal and for sizes, else json)")
	flags.StringVar(&f.other, "compare", "", "another `LOCK` or image, for a page that says what changed from it")
}

func (f *sizesFlags) check(graph string, person bool) error {
	wrong := func(text string) error { return &usageError{errors.New(text)} }
	switch {
	case graph != "" && (f.asJSON || f.format != ""):
		return wrong("--graph is a format of its own: give it without --format and --json")
	case f.format != "":
	case f.asJSON, !f.sizes && !person:
		f.format = formatJSON
	default:
		f.format = formatTable
	}
	switch {
	case !slices.Contains([]string{formatTable, formatJSON, formatHTML}, f.format):
		return &usageError{fmt.Errorf("--format: %q is neither table, json nor html", f.format)}
	case f.asJSON && f.format != formatJSON:
		return wrong("--json and --format " + f.format + " are two formats: give one")
	case f.other != "" && f.format != formatHTML:
		return wrong("--compare is for --format html; deployfile diff A B prints what changed")
	case f.sizes && graph != "":
		return wrong("--sizes and --graph print two things: give one")
	case !f.sizes && f.format == formatHTML:
		return wrong("--format html is for --sizes")
	}
	return nil
}

// printSizes prints the sizes of each platform.
func (o *planOptions) printSizes(ctx context.Context, s streams, p *build.Project) error {
	var changes *sizes.Changes
	if o.other != "" {
		// Invalid flags are reported before anything is measured.
		var err error
		if changes, err = changesFrom(ctx, o.other, p); err != nil {
			return err
		}
	}
	files, err := o.files(ctx, s, p, frontend.OutputPlan, map[string]string{frontend.ArgSizes: "1"})
	if err != nil {
		return err
	}
	all := []report.Sizes{}
	for _, name := range slices.Sorted(maps.Keys(files)) {
		if !strings.HasPrefix(name, frontend.SizesPrefix+".") {
			continue
		}
		var one report.Sizes
		if err := json.Unmarshal(files[name], &one); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		all = append(all, one)
	}
	switch o.format {
	case formatJSON:
		return s.result(all)
	case formatHTML:
		_, err := s.out.Write(sizes.Page(p.File.Model.Name, all, changes))
		return err
	}
	for _, one := range all {
		if _, err := fmt.Fprint(s.text, sizes.Text(one)); err != nil {
			return err
		}
	}
	return nil
}

// changesFrom compares the lock of a project with another lock or image.
func changesFrom(ctx context.Context, name string, p *build.Project) (*sizes.Changes, error) {
	out := &sizes.Changes{From: name}
	err := compareSides(ctx, name, filepath.Clean(p.Path+build.LockSuffix), func(was, is *side, differences compare.Report) error {
		old, now := was.wheelSizes(), is.wheelSizes()
		for _, c := range differences.Changes {
			change := sizes.Change{Kind: string(c.Kind), Name: c.Name, Was: c.Was, Is: c.Is, Bytes: c.IsSize - c.WasSize}
			if c.Kind == compare.Package && old != nil {
				change.Bytes = now[c.Name] - old[c.Name]
			}
			out.List = append(out.List, change)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// wheelSizes returns the sizes of the largest locked wheels of each package, nil for
// an image, which does not tell.
func (d *side) wheelSizes() map[string]int64 {
	if d.lock == nil {
		return nil
	}
	lock, err := d.lock.Decode()
	if err != nil || lock == nil {
		return nil
	}
	out := map[string]int64{}
	for _, p := range lock.Platforms {
		wheels, err := lock.Wheels(p, d.lock.Files[p.Pylock])
		if err != nil {
			continue // compare has said so
		}
		for _, w := range wheels {
			out[w.Name] = max(out[w.Name], w.Size)
		}
	}
	return out
}
