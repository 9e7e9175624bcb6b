package mlmodel

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

const (
	digestA = "sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	digestB = "sha256:bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
)

// files makes a file system from pairs of names and contents.
func files(pairs ...string) fstest.MapFS {
	fsys := fstest.MapFS{}
	for i := 0; i < len(pairs); i += 2 {
		fsys[pairs[i]] = &fstest.MapFile{Data: []byte(pairs[i+1])}
	}
	return fsys
}

func TestParseRequirement(t *testing.T) {
	fsys := files(
		"wheels/foo_bar-1.0-py3-none-any.whl", "", "x-2.0-1-py3-none-any.whl", "", "src-1.0.tar.gz", "",
		"project/pyproject.toml", "", "with space-1-py3-none-any.whl", "",
	)
	tests := []struct {
		name, text string
		want       Requirement
	}{
		{"name alone", "Foo.Bar", Requirement{Name: "foo-bar", Text: "Foo.Bar"}},
		{"pinned", "scikit-learn==1.5.0", Requirement{Name: "scikit-learn", Specifier: "==1.5.0", Text: "scikit-learn==1.5.0"}},
		{"local version", "torch==2.1.0+cpu", Requirement{Name: "torch", Specifier: "==2.1.0+cpu", Text: "torch==2.1.0+cpu"}},
		{"arbitrary equality", "odd===final-1", Requirement{Name: "odd", Specifier: "===final-1", Text: "odd===final-1"}},
		{"range in parentheses", "numpy (>=1.20, <3)", Requirement{Name: "numpy", Specifier: ">=1.20, <3", Text: "numpy (>=1.20, <3)"}},
		{"comma at the end", "numpy>=1.20,", Requirement{Name: "numpy", Specifier: ">=1.20,", Text: "numpy>=1.20,"}},
		{"underscore in a version", "a==1.0_post3", Requirement{Name: "a", Specifier: "==1.0_post3", Text: "a==1.0_post3"}},
		{"wildcard", "numpy==1.*", Requirement{Name: "numpy", Specifier: "==1.*", Text: "numpy==1.*"}},
		{"marker and extras", `uvicorn[standard, b]>=0.2 ; python_version >= "3.9"`, Requirement{
			Name: "uvicorn", Extras: []string{"standard", "b"}, Specifier: ">=0.2", Marker: `python_version >= "3.9"`,
			Text: `uvicorn[standard, b]>=0.2 ; python_version >= "3.9"`}},
		{"comment", "a==1 # why", Requirement{Name: "a", Specifier: "==1", Text: "a==1"}},
		{"hashes on lines of their own", "a==1 \\\n    --hash=" + digestA + " \\\n    --hash " + digestB, Requirement{
			Name: "a", Specifier: "==1", Text: "a==1", Hashes: []string{digestA, digestB}}},
		{"continuation", "numpy \\\n>=1", Requirement{Name: "numpy", Specifier: ">=1", Text: "numpy >=1"}},
		{"wheel by path", "wheels/foo_bar-1.0-py3-none-any.whl", Requirement{
			Name: "foo-bar", Specifier: "==1.0", Path: "wheels/foo_bar-1.0-py3-none-any.whl", Text: "wheels/foo_bar-1.0-py3-none-any.whl"}},
		{"wheel with a dot, extra and marker", "./x-2.0-1-py3-none-any.whl[a] ; os_name == 'posix'", Requirement{
			Name: "x", Specifier: "==2.0", Extras: []string{"a"}, Marker: "os_name == 'posix'",
			Path: "x-2.0-1-py3-none-any.whl", Text: "x-2.0-1-py3-none-any.whl[a] ; os_name == 'posix'"}},
		{"wheel by file URL", "file:wheels/foo_bar-1.0-py3-none-any.whl", Requirement{
			Name: "foo-bar", Specifier: "==1.0", Path: "wheels/foo_bar-1.0-py3-none-any.whl", Text: "wheels/foo_bar-1.0-py3-none-any.whl"}},
		{"wheel by name and path", "foo.bar @ ./wheels/foo_bar-1.0-py3-none-any.whl", Requirement{
			Name: "foo-bar", Specifier: "==1.0", Path: "wheels/foo_bar-1.0-py3-none-any.whl", Text: "wheels/foo_bar-1.0-py3-none-any.whl"}},
		{"wheel by a Windows path", `wheels\foo_bar-1.0-py3-none-any.whl`, Requirement{
			Name: "foo-bar", Specifier: "==1.0", Path: "wheels/foo_bar-1.0-py3-none-any.whl", Text: "wheels/foo_bar-1.0-py3-none-any.whl"}},
		{"sdist by path", "./src-1.0.tar.gz", Requirement{Path: "src-1.0.tar.gz", Text: "src-1.0.tar.gz"}},
		{"project folder", "./project", Requirement{Path: "project", Text: "project"}},
		{"git with a name", "foo[x] @ git+https://example.com/a/foo@v1#subdirectory=py ; python_version > '3'", Requirement{
			Name: "foo", Extras: []string{"x"}, VCS: "git+https://example.com/a/foo@v1#subdirectory=py", Marker: "python_version > '3'",
			Text: "foo[x] @ git+https://example.com/a/foo@v1#subdirectory=py ; python_version > '3'"}},
		{"git with an egg", "git+https://example.com/a/foo.git@main#egg=Foo[x]&subdirectory=py", Requirement{
			Name: "foo", Extras: []string{"x"}, VCS: "git+https://example.com/a/foo.git@main#subdirectory=py",
			Text: "git+https://example.com/a/foo.git@main#egg=Foo[x]&subdirectory=py"}},
		{"editable git", "-e git+https://example.com/a/foo.git@v1.2#egg=Foo", Requirement{
			Name: "foo", VCS: "git+https://example.com/a/foo.git@v1.2", Text: "git+https://example.com/a/foo.git@v1.2#egg=Foo"}},
		{"editable git without a name", "--editable=git+ssh://git@example.com/a/foo", Requirement{
			VCS: "git+ssh://git@example.com/a/foo", Text: "git+ssh://git@example.com/a/foo"}},
		{"git without a name", "git+https://example.com/a/foo@v1", Requirement{VCS: "git+https://example.com/a/foo@v1", Text: "git+https://example.com/a/foo@v1"}},
		{"git by ssh", "foo @ git+ssh://git@example.com/a/foo", Requirement{
			Name: "foo", VCS: "git+ssh://git@example.com/a/foo", Text: "foo @ git+ssh://git@example.com/a/foo"}},
		{"wheel by URL", "https://example.com/d/foo_bar-1.0-py3-none-any.whl#sha256=12", Requirement{
			Name: "foo-bar", Specifier: "==1.0", URL: "https://example.com/d/foo_bar-1.0-py3-none-any.whl#sha256=12",
			Text: "https://example.com/d/foo_bar-1.0-py3-none-any.whl#sha256=12"}},
		{"sdist by name and URL", "foo @ https://example.com/d/foo-1.0.tar.gz", Requirement{
			Name: "foo", URL: "https://example.com/d/foo-1.0.tar.gz", Text: "foo @ https://example.com/d/foo-1.0.tar.gz"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			// A line above shows that lines are counted.
			fsys["requirements.txt"] = &fstest.MapFile{Data: []byte("# first\n" + test.text)}
			test.want.File, test.want.Line = "requirements.txt", 2
			got, warnings, err := ParseRequirements(fsys, "requirements.txt")
			if err != nil {
				t.Fatal(err)
			}
			want := &RequirementsFile{Requirements: []Requirement{test.want}, Files: []string{"requirements.txt"}}
			if diff := cmp.Diff(want, got, cmpopts.IgnoreFields(RequirementsFile{}, "Size", "Entries")); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
			if len(warnings) > 0 {
				t.Errorf("unexpected warnings: %v", warnings)
			}
		})
	}
}

func TestParseRequirementsFiles(t *testing.T) {
	at := func(file string, line int, name, specifier string) Requirement {
		return Requirement{Name: name, Specifier: specifier, Text: name + specifier, File: file, Line: line}
	}
	tests := []struct {
		name     string
		fsys     fstest.MapFS
		want     RequirementsFile
		warnings []Warning
	}{
		{
			name: "nothing",
			fsys: files("r.txt", ""),
			want: RequirementsFile{Files: []string{"r.txt"}},
		},
		{
			name: "byte order mark, CRLF, no newline at the end",
			fsys: files("r.txt", "\xef\xbb\xbfa==1\r\n\r\nb==2 \\\r\n ; python_version > '3'\r\nc"),
			want: RequirementsFile{Files: []string{"r.txt"}, Requirements: []Requirement{
				at("r.txt", 1, "a", "==1"),
				{Name: "b", Specifier: "==2", Marker: "python_version > '3'", Text: "b==2  ; python_version > '3'", File: "r.txt", Line: 3},
				at("r.txt", 5, "c", ""),
			}},
		},
		{
			name: "comment ends a continuation",
			fsys: files("r.txt", "a==1 \\\n# b==2 \\\nc==3\\"),
			want: RequirementsFile{Files: []string{"r.txt"}, Requirements: []Requirement{
				at("r.txt", 1, "a", "==1"), at("r.txt", 3, "c", "==3"),
			}},
		},
		{
			name: "nested files, relative to the one that names them",
			fsys: files("r.txt", "-r more/a.txt\n--constraint=c.txt\nz", "more/a.txt", "a\n-rb.txt\n-c ../c.txt", "more/b.txt", "b", "c.txt", "numpy<3"),
			want: RequirementsFile{
				Files:        []string{"r.txt", "more/a.txt", "more/b.txt", "c.txt"},
				Requirements: []Requirement{at("more/a.txt", 1, "a", ""), at("more/b.txt", 1, "b", ""), at("r.txt", 3, "z", "")},
				Constraints:  []Requirement{at("c.txt", 1, "numpy", "<3")},
			},
		},
		{
			name: "a file as requirements and as constraints",
			fsys: files("r.txt", "-r a.txt\n-c a.txt\n-r a.txt", "a.txt", "a==1"),
			want: RequirementsFile{
				Files:        []string{"r.txt", "a.txt"},
				Requirements: []Requirement{at("a.txt", 1, "a", "==1")},
				Constraints:  []Requirement{at("a.txt", 1, "a", "==1")},
			},
		},
		{
			name: "options",
			fsys: files("r.txt", strings.Join([]string{
				"--index-url https://pypi.example.com/simple --extra-index-url 'https://a.example.com/simple'",
				"--extra-index-url=https://a.example.com/simple",
				"-f wheels", "--find-links https://example.com/wheels/", "--no-index", "--pre", "--require-hashes",
				"--no-binary :all:", "--only-binary Foo_Bar,b", "--only-binary=:none:", "--only-binary c",
			}, "\n"), "wheels/x.whl", ""),
			want: RequirementsFile{
				Files:          []string{"r.txt"},
				IndexURL:       "https://pypi.example.com/simple",
				ExtraIndexURLs: []string{"https://a.example.com/simple"},
				Options: Options{
					FindLinks: []string{"wheels", "https://example.com/wheels/"},
					NoIndex:   true, Prerelease: true, RequireHashes: true,
					NoBinary: []string{":all:"}, OnlyBinary: []string{"c"},
				},
			},
		},
		{
			name: "options that do nothing",
			fsys: files("r.txt", "--trusted-host example.com\n--prefer-binary\n-i https://a.example.com/\n-i https://b.example.com/"),
			want: RequirementsFile{Files: []string{"r.txt"}, IndexURL: "https://b.example.com/"},
			warnings: []Warning{
				{"r.txt", 1, "--trusted-host is ignored: TLS certificates are always verified"},
				{"r.txt", 2, "--prefer-binary has no effect here"},
				{"r.txt", 4, "a second --index-url replaces the first, https://a.example.com/"},
			},
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got, warnings, err := ParseRequirements(test.fsys, "r.txt")
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(&test.want, got, cmpopts.IgnoreFields(RequirementsFile{}, "Size", "Entries")); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
			if diff := cmp.Diff(test.warnings, warnings); diff != "" {
				t.Errorf("warnings: -want +got:\n%s", diff)
			}
		})
	}
}

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

func TestCredentials(t *testing.T) {
	tests := []struct {
		name, text, message string
	}{
		{"index with password", "--index-url https://user:hunter2@pypi.example.com/simple", "credential"},
		{"index with token", "--extra-index-url=https://hunter2@pypi.example.com/simple", "credential"},
		{"quoted", `-i "https://user:hunter2@pypi.example.com/simple"`, "credential"},
		{"find links", "-f https://user:hunter2@pypi.example.com/", "credential"},
		{"two at signs", "-i https://user@example.com:hunter2@pypi.example.com/", "credential"},
		{"direct", "foo @ https://user:hunter2@example.com/foo-1-py3-none-any.whl", "credential"},
		{"without a space", "foo@https://user:hunter2@example.com/foo-1-py3-none-any.whl", "credential"},
		{"git", "foo @ git+https://hunter2@example.com/foo@v1", "credential"},
		{"git egg", "git+https://x:hunter2@example.com/foo@v1#egg=foo", "credential"},
		{"ssh with password", "git+ssh://git:hunter2@example.com/foo", "credential"},
		{"query", "foo @ https://example.com/foo-1-py3-none-any.whl?X-Amz-Signature=hunter2", "credential"},
		{"index query", "-i https://example.com/simple?private_token=hunter2", "credential"},
		{"editable", "-e git+https://hunter2@example.com/foo", "credential"},
		{"slash in the password", "-i https://user:hunter2/more@example.com/", "needs a whole URL"},
		{"no scheme", "-i user:hunter2@example.com/simple", "needs a whole URL"},
		{"one slash", "-i https:/user:hunter2@example.com/simple", "needs a whole URL"},
		{"out of place", "--no-index user:hunter2@example.com", "follows an option"},
		{"as hash", "a==1 --hash=https:/user:hunter2@example.com", "is not a hash"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, _, err := ParseRequirements(files("r.txt", "a\n"+test.text), "r.txt")
			checkFault(t, err, "r.txt:2", test.message, "")
			var fault *SourceError
			errors.As(err, &fault)
			for _, shown := range []string{err.Error(), fault.Text, fault.Message, fault.Hint} {
				if strings.Contains(shown, "hunter2") {
					t.Errorf("the credential is shown: %s", shown)
				}
			}
			if test.message == "credential" && !strings.Contains(fault.Hint, "secret") {
				t.Errorf("hint %q does not name secrets", fault.Hint)
			}
		})
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
