package resolver

import (
	"os"
	"slices"
	"strings"
	"testing"
)

// The reason is the last meaningful part of what a build says.
func TestBuildError(t *testing.T) {
	said := func(name string) string {
		data, err := os.ReadFile("testdata/builds/" + name + ".txt")
		if err != nil {
			t.Fatal(err)
		}
		return string(data)
	}
	for name, c := range map[string]struct {
		s        Source
		message  string
		reason   string
		packages []string
		hint     string
	}{
		"exception":       {Source{Name: "pyyaml", Version: "5.4.1"}, said("pyyaml"), "AttributeError: 'build_ext' object has no attribute 'cython_sources'", nil, ""},
		"words":           {Source{Name: "sklearn"}, said("sklearn"), "The 'sklearn' PyPI package is deprecated, use 'scikit-learn' rather than 'sklearn' for pip commands.", nil, ""},
		"compiler":        {Source{Name: "a"}, "running build_ext\na.c:1:10: fatal error: gmp.h: No such file or directory\nerror: command '/usr/bin/gcc' failed with exit code 1\n", "a.c:1:10: fatal error: gmp.h: No such file or directory", []string{"libgmp-dev"}, ""},
		"no compiler":     {Source{Name: "a"}, "running build_ext\nerror: command 'gcc' failed: No such file or directory\n", "error: command 'gcc' failed: No such file or directory", []string{"gcc"}, `build-packages = ["gcc"]`},
		"pg_config":       {Source{Name: "psycopg2"}, "\nError: pg_config executable not found.\n\npg_config is required to build psycopg2 from source.\n", "Error: pg_config executable not found.", []string{"gcc", "libpq-dev"}, ""},
		"mysql":           {Source{Name: "mysqlclient"}, "Exception: Can not find valid pkg-config name.\nSpecify MYSQLCLIENT_CFLAGS\n", "Exception: Can not find valid pkg-config name.", []string{"gcc", "pkg-config", "default-libmysqlclient-dev"}, ""},
		"odbc":            {Source{Name: "pyodbc"}, "src/pyodbc.h:45:10: fatal error: sql.h: No such file or directory\n", "src/pyodbc.h:45:10: fatal error: sql.h: No such file or directory", []string{"unixodbc-dev"}, ""},
		"rust":            {Source{Name: "a"}, "error: can't find Rust compiler\n", "error: can't find Rust compiler", []string{"cargo", "rustc"}, ""},
		"another error":   {Source{Name: "a"}, "one\na.c:3:1: error: expected ';'\nmake: *** [a] Error 1\n", "a.c:3:1: error: expected ';'", nil, ""},
		"version of tags": {Source{Name: "a", VCS: &PylockVCS{}}, "LookupError: setuptools-scm was unable to detect version for /tmp/source.\n", "LookupError: setuptools-scm was unable to detect version for /tmp/source.", nil, "name a tag"},
		"nothing":         {Source{Name: "a"}, "", "it says nothing", nil, ""},
	} {
		e := newBuildError(c.s, &StepError{Message: c.message})
		if e.Reason != c.reason || !slices.Equal(e.Packages, c.packages) || !strings.Contains(e.Error(), c.hint) {
			t.Errorf("%s: reason %q, packages %q; want %q and %q\n%v", name, e.Reason, e.Packages, c.reason, c.packages, e)
		}
		if first, _, _ := strings.Cut(e.Error(), "\n"); !strings.HasSuffix(first, e.Reason) {
			t.Errorf("%s: the first line is %q", name, first)
		}
	}
}

func TestVersionOfTag(t *testing.T) {
	for tag, want := range map[string]string{"v1.2.0": "1.2.0", "1.2": "1.2", "release/1.2.3rc1": "1.2.3rc1", "pkg-2.0.1": "2.0.1", "main": "", "v1": "", "07a91f7e": "", "": ""} {
		if got := (Source{VCS: &PylockVCS{RequestedRevision: tag}}).versionOf(); got != want {
			t.Errorf("%q: %q, want %q", tag, got, want)
		}
	}
	if got := (Source{Version: "3", VCS: &PylockVCS{RequestedRevision: "v1.2.0"}}).versionOf(); got != "3" {
		t.Errorf("a locked version: %q", got)
	}
}
