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

// Paddle's model_path is a prefix of files; another key's name, or a prefix of nothing,
// is a file that is missing.
func TestCheckFilesPrefix(t *testing.T) {
	model := func(key string) string {
		return "flavors:\n  python_function:\n    loader_module: mlflow.paddle\n    " + key + ": model\n"
	}
	pointer := lfsPointer + "v1\noid sha256:0\nsize 1\n"
	for name, tt := range map[string]struct {
		files []string
		want  string
	}{
		"prefix":       {[]string{"MLmodel", model("model_path"), "model.json", "{}", "model.pdiparams", "x"}, ""},
		"file":         {[]string{"MLmodel", model("data"), "model", "x"}, ""},
		"missing":      {[]string{"MLmodel", model("model_path"), "models.json", "{}"}, "model_path names model, and the model has no such file"},
		"other key":    {[]string{"MLmodel", model("code"), "model.json", "{}"}, "code names model, and the model has no such file"},
		"LFS's prefix": {[]string{"MLmodel", model("model_path"), "model.json", "{}", "model.pdiparams", pointer}, "model.pdiparams is only a pointer of Git LFS"},
	} {
		err := CheckFiles(files(tt.files...), ".")
		if tt.want == "" && err != nil || tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)) {
			t.Errorf("%s: error %v, want %q", name, err, tt.want)
		}
	}
}
