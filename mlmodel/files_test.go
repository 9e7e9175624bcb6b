package mlmodel

import (
	"fmt"
	"io/fs"
	"strings"
	"testing"
)

// counted counts the files that are opened.
type counted struct {
	fs.FS
	opened *int
}

func (c counted) Open(name string) (fs.File, error) {
	*c.opened++
	return c.FS.Open(name)
}

// Many artifacts may be one directory of many files, which is read once.
func TestCheckFilesGrowsLinearly(t *testing.T) {
	const many = 300
	var model strings.Builder
	model.WriteString("flavors:\n  python_function:\n    loader_module: a\n    artifacts:\n")
	pairs := []string{"requirements.txt", "a"}
	for n := range many {
		fmt.Fprintf(&model, "      a%d: {path: artifacts%s}\n", n, strings.Repeat("/", n%2))
		pairs = append(pairs, fmt.Sprintf("artifacts/%d", n), "x")
	}
	opened := 0
	if err := CheckFiles(counted{files(append(pairs, "MLmodel", model.String())...), &opened}, "."); err != nil {
		t.Fatal(err)
	}
	if opened > 4*many {
		t.Errorf("%d files were opened of %d", opened, many)
	}
}
