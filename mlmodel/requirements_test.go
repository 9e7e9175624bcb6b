package mlmodel

import (
	"errors"
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
