package mlmodel

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/fstest"
)

func TestParseRequirementsFaults(t *testing.T) {
	tests := []struct {
		name, text string
		// where is file:line, message a part of the message, hint of the hint.
		where, message, hint string
	}{
		{"editable", "a\n-e ./project", "r.txt:2", "an editable requirement cannot go into an image", "without -e"},
		{"editable git without a host", "--editable=git+https:x#egg=x", "r.txt:1", "the git URL is malformed", "name @ git+https"},
		{"unknown option", "--extra-index-ulr https://example.com/", "r.txt:1", "unknown option --extra-index-ulr", "did you mean --extra-index-url?"},
		{"option that is like no other", "--zzz", "r.txt:1", "unknown option --zzz", "take it out"},
		{"option without value", "--index-url", "r.txt:1", "--index-url lacks its value", ""},
		{"flag with a value", "--pre=yes", "r.txt:1", "--pre takes no value", ""},
		{"hash alone", "--hash=" + digestA, "r.txt:1", "--hash has no requirement", ""},
		{"index behind a requirement", "a --index-url https://example.com/", "r.txt:1", "--index-url follows a requirement", "its own line"},
		{"words behind an option", "--no-index a", "r.txt:1", `"a" follows an option`, ""},
		{"open quote", "--index-url 'https://example.com", "r.txt:1", "a quote is not closed", ""},
		{"weak hash", "a==1 --hash=md5:d41d8cd98f00b204e9800998ecf8427e", "r.txt:1", "is not a hash", "sha256:"},
		{"short hash", "a==1 \\\n --hash=sha256:12", "r.txt:1", "is not a hash", ""},
		{"build options", "a==1 --config-settings=x=y", "r.txt:1", "--config-settings is not supported", "build the wheel yourself"},
		{"missing file", "\n-r no.txt", "r.txt:2", "there is no file no.txt to include", "relative to r.txt"},
		{"file outside", "-r ../../x.txt", "r.txt:1", `"../../x.txt" is outside`, "beside this file"},
		{"absolute file", "-c /etc/x.txt", "r.txt:1", `"/etc/x.txt" is outside`, ""},
		{"file by URL", "-r https://example.com/r.txt", "r.txt:1", "must be a local one", "download it"},
		{"cycle", "-r sub/a.txt", "sub/a.txt:1", "include each other: r.txt → sub/a.txt → r.txt", "take out"},
		{"itself", "-r r.txt", "r.txt:1", "include each other: r.txt → r.txt", ""},
		{"fault in a nested file", "-r sub/b.txt", "sub/b.txt:2", `"=1" is not a version specifier`, "name==version"},
		{"single equals sign", "a=1", "r.txt:1", `"=1" is not a version specifier`, ""},
		{"no version", "a==", "r.txt:1", `"==" is not a version specifier`, ""},
		{"two names", "numpy pandas", "r.txt:1", `"pandas" is not a version specifier`, ""},
		{"no comma", "a>1 <2", "r.txt:1", `">1 <2" is not a version specifier`, ""},
		{"name with an odd letter", "föö==1", "r.txt:1", `"föö" is not a project's name`, ""},
		{"open bracket", "a[b", "r.txt:1", "this is not a requirement", ""},
		{"bad extra", "a[b c]", "r.txt:1", `"b c" is not an extra's name`, ""},
		{"no marker", "a==1 ;", "r.txt:1", "environment marker after ; is missing", ""},
		{"no URL", "a @ b", "r.txt:1", "the URL after @ is missing", ""},
		{"conda's file URL", "numpy @ file:///croot/numpy_123/work", "r.txt:1", "a file: URL names a place on the machine", "name==version"},
		{"comment in a path", "file:wheels/x%20%23y-1-py3-none-any.whl", "r.txt:1", `the path "wheels/x #y-1-py3-none-any.whl" has a # or a backslash`, ""},
		{"path outside", "../x-1-py3-none-any.whl", "r.txt:1", "outside the directory that is read", ""},
		{"no such wheel", "wheels/x-1-py3-none-any.whl", "r.txt:1", "there is no file wheels/x-1-py3-none-any.whl", ""},
		{"not a wheel's name", "./bad.whl", "r.txt:1", "bad.whl is not a wheel's file name", ""},
		{"another's wheel", "a @ ./b-1-py3-none-any.whl", "r.txt:1", "the wheel b-1-py3-none-any.whl is not one of a", ""},
		{"folder that is no project", "./sub", "r.txt:1", "the directory sub is not a Python project", "pyproject.toml"},
		{"other version control", "hg+https://example.com/x#egg=x", "r.txt:1", "version control by hg+https is not supported", ""},
		{"git over a path", "x @ git+file:///srv/x", "r.txt:1", "the git URL is malformed", ""},
		{"git without URL", "git+git@example.com:a/b.git", "r.txt:1", "the git URL is malformed", "name @ git+https"},
		{"other scheme", "s3://bucket/x.whl", "r.txt:1", "s3: URLs are not supported", ""},
		{"URL of a page", "https://example.com/foo", "r.txt:1", "not that of a wheel or sdist", ""},
		{"index that is a path", "--index-url simple", "r.txt:1", "--index-url needs a whole URL", ""},
		{"index by ftp", "--index-url ftp://example.com/", "r.txt:1", "takes http and https URLs, not ftp", ""},
		{"missing links folder", "-f nowhere", "r.txt:1", `--find-links names "nowhere"`, ""},
		{"variable", "--index-url https://${TOKEN}/simple", "r.txt:1", "${TOKEN} would be taken from the environment", "build secret"},
		{"variable as credential", "--index-url https://${USER}:${TOKEN}@example.com/simple", "r.txt:1", "${USER} would be taken from the environment", "build secret"},
		{"variable and credential", "--index-url https://${USER}:hunter2@example.com/simple", "r.txt:1", "there is a credential in the URL", "build secret"},
		{"token in a path", "--index-url https://example.com/t/ab-12/simple", "r.txt:1", "there is a credential in the URL", "build secret"},
		{"code page", "a # \x96\nb\xff\n", "r.txt:2", "it is Windows-1252 or another encoding of one byte", "save the file as UTF-8"},
		{"UTF-16 without a mark", "a\x00=\x00=\x001\x00\n\x00", "r.txt:1", "it is UTF-16 (little-endian) without a byte order mark", ""},
		{"big-endian UTF-16 without a mark", "\x00a\x00=\x00=\x001\x00\n", "r.txt:1", "it is UTF-16 (big-endian) without a byte order mark", ""},
		{"binary", "a\x00b\x00\xff\xff\xff\xff\xff\xff\xff\xff", "r.txt:1", "it is binary data", ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			fsys := files("r.txt", test.text, "sub/a.txt", "-r ../r.txt", "sub/b.txt", "a\nb=1",
				"wheels/x #y-1-py3-none-any.whl", "", "wheels/x --index-url=y-1-py3-none-any.whl", "", "wheels/${HOME}-1-py3-none-any.whl", "",
				"bad.whl", "", "b-1-py3-none-any.whl", "", "project/setup.py", "")
			_, _, err := ParseRequirements(fsys, "r.txt")
			checkFault(t, err, test.where, test.message, test.hint)
		})
	}
}

func checkFault(t *testing.T, err error, where, message, hint string) {
	t.Helper()
	var fault *SourceError
	if !errors.As(err, &fault) {
		t.Fatalf("got %v, want a *SourceError", err)
	}
	if !strings.HasPrefix(err.Error(), where+": ") {
		t.Errorf("%q is not at %s", err, where)
	}
	if !strings.Contains(fault.Message, message) {
		t.Errorf("message %q lacks %q", fault.Message, message)
	}
	if !strings.Contains(fault.Hint, hint) {
		t.Errorf("hint %q lacks %q", fault.Hint, hint)
	}
}

func TestParseRequirementsNoFile(t *testing.T) {
	for _, path := range []string{"no.txt", "../no.txt", "folder"} {
		_, _, err := ParseRequirements(files("folder/x", ""), path)
		var fault *SourceError
		if !errors.As(err, &fault) || fault.File != path || fault.Line != 0 {
			t.Errorf("%s: got %v", path, err)
		}
	}
}

func TestLargeRequirements(t *testing.T) {
	chain := []string{"r.txt", "-r 0.txt\n"}
	for i := range 200 {
		chain = append(chain, fmt.Sprintf("%d.txt", i), fmt.Sprintf("-r %d.txt\n", i+1))
	}
	for name, test := range map[string]struct {
		files []string
		want  string
	}{
		"bytes":        {[]string{"r.txt", strings.Repeat("#\n", MaxRequirements/2+1)}, "r.txt: is larger than 8 MiB"},
		"together":     {[]string{"r.txt", "-r a.txt\n" + strings.Repeat("#\n", MaxRequirements/3), "a.txt", strings.Repeat("#\n", MaxRequirements/3)}, "a.txt: with the files before it"},
		"requirements": {[]string{"r.txt", strings.Repeat("a\n", MaxEntries+1)}, "r.txt:100001: there are more than 100000"},
		"names":        {[]string{"r.txt", "--no-binary " + strings.Repeat("a,", MaxEntries)}, "there are more than 100000"},
		"options":      {[]string{"r.txt", strings.Repeat("--pre\n", MaxEntries+1)}, "there are more than 100000"},
		"includes":     {append(chain, "200.txt", "a"), "99.txt:1: more than 100 files include each other"},
	} {
		_, _, err := ParseRequirements(files(test.files...), "r.txt")
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: error %.300v, want one with %q", name, err, test.want)
		}
	}
}

func FuzzRequirements(f *testing.F) {
	for _, seed := range []string{
		"a==1 \\\n --hash=" + digestA, "-r r.txt", "-r b.txt\n-c b.txt", "git+https://example.com/x@1#egg=x", "a[b] @ https://e/x.whl;m",
		"--index-url 'x", "\\\n\\\n#", "a\r\n\xef\xbb\xbf", "./x-1-py3-none-any.whl[a];b", "-f.", "${A}", "file:%", "--no-binary=:all:,a",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		fsys := files("r.txt", text, "b.txt", "-r r.txt\nb", "x-1-py3-none-any.whl", "")
		got, _, err := ParseRequirements(fsys, "r.txt")
		if err == nil {
			for _, r := range append(got.Requirements, got.Constraints...) {
				if r.Text == "" || r.Line < 1 || r.Line > countLines(fsys, r.File) {
					t.Errorf("bad requirement %+v", r)
				}
			}
			return
		}
		checkPlace(t, fsys, err)
	})
}

// checkPlace checks that an error points into the file that it names.
func checkPlace(t *testing.T, fsys fstest.MapFS, err error) {
	t.Helper()
	var fault *SourceError
	if !errors.As(err, &fault) {
		t.Fatalf("%v is not a *SourceError", err)
	}
	if lines := countLines(fsys, fault.File); fault.Line < 1 || fault.Line > lines {
		t.Errorf("%v: %s has %d lines", err, fault.File, lines)
	}
	if fault.Message == "" {
		t.Error("no message")
	}
}

func countLines(fsys fstest.MapFS, name string) int {
	file := fsys[name]
	if file == nil {
		return 0
	}
	text := strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(string(file.Data))
	return strings.Count(text, "\n") + 1
}
