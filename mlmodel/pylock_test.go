package mlmodel

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const wholePylock = `lock-version = "1.0"
created-by = "uv"

[[packages]]
name = "numpy"
version = "1.26.4"
marker = "sys_platform == 'linux'"
wheels = [{ url = "https://index.example.org/n.whl", hashes = { sha256 = "DIGEST" } }]

[[packages]]
name = "helper"
version = "1.0"
vcs = { type = "git", url = "https://git.example.com/helper", requested-revision = "v1", commit-id = "0123456789012345678901234567890123456789", subdirectory = "py" }

[[packages]]
name = "tool"
version = "2.0"
archive = { url = "https://files.example.org/tool-2.0-py3-none-any.whl", hashes = { sha256 = "DIGEST" } }

[[packages]]
name = "own"
archive = { path = "wheels/own-1.0-py3-none-any.whl", hashes = { sha256 = "DIGEST" } }

[[packages]]
name = "demo"
directory = { path = ".", editable = true }

[[packages]]
name = "sibling"
directory = { path = "../sibling" }
`

// A pylock.toml is what is installed where nothing else says it, and a resolution beside
// a file that does.
func TestReadPylockAlone(t *testing.T) {
	text := strings.ReplaceAll(wholePylock, "DIGEST", strings.Repeat("a", 64))
	m, warnings, err := Read(files("m/MLmodel", condaModel, "m/pylock.toml", text, "m/wheels/own-1.0-py3-none-any.whl", ""), "m")
	if err != nil || len(warnings) > 0 {
		t.Fatal(err, warnings)
	}
	var got []string
	for _, r := range m.Requirements {
		got = append(got, r.Text)
	}
	want := []string{
		"numpy==1.26.4 ; sys_platform == 'linux'",
		"helper @ git+https://git.example.com/helper@0123456789012345678901234567890123456789#subdirectory=py",
		"tool @ https://files.example.org/tool-2.0-py3-none-any.whl#sha256=" + strings.Repeat("a", 64),
		"wheels/own-1.0-py3-none-any.whl",
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("-want +got:\n%s", d)
	}
	if len(m.Constraints) != 1 || m.Constraints[0].Name != "numpy" || m.Constraints[0].Hashes[0] != hashA {
		t.Errorf("constraints %+v", m.Constraints)
	}
	// The one that no image can have is replaced by a key, as a line of requirements is.
	if len(m.Refused) != 1 || m.Refused[0].Name != "sibling" || m.Refused[0].Err.Line != 28 || !strings.Contains(m.Refused[0].Err.Hint, `without = ["sibling"]`) {
		t.Errorf("refused %+v", m.Refused)
	}
	if !slices.Contains(m.Files, "m/pylock.toml") {
		t.Errorf("files %q", m.Files)
	}
	for name, test := range map[string]struct{ was, is, where, message string }{
		"line break":        {`sys_platform == 'linux'`, `sys_platform == 'linux'\n--pre`, "m/pylock.toml:4", "control character"},
		"in an address":     {`https://git.example.com/helper`, `https://git.example.com/helper\n--pre`, "m/pylock.toml:10", "control character"},
		"the environment's": {`https://git.example.com/helper`, `https://${HOST}/helper`, "m/pylock.toml:10", "taken from the environment"},
		"a credential":      {`https://git.example.com/helper`, `https://me:hunter2@git.example.com/helper`, "m/pylock.toml:13", "credential"},
	} {
		t.Run(name, func(t *testing.T) {
			m, _, err := Read(files("m/MLmodel", condaModel, "m/pylock.toml", strings.Replace(text, test.was, test.is, 1), "m/wheels/own-1.0-py3-none-any.whl", ""), "m")
			if m != nil {
				for _, r := range append(m.Requirements, m.Constraints...) {
					if strings.ContainsAny(r.Text+r.VCS, "\n$") {
						t.Errorf("%q", r.Text)
					}
				}
				err = m.Refused[0].Err
			}
			checkFault(t, err, test.where, test.message, "")
			checkAdvice(t, err)
		})
	}
}

// A control character that TOML or YAML can write ends no line of what uv reads.
func TestControlCharactersOfRequirements(t *testing.T) {
	lock := strings.Replace(uvLockText(), `    "python_full_version < '3.12'",
]
sdist`, `    "python_full_version < '3.12'\n--index-url=https://evil.example.com",
]
sdist`, 1)
	_, _, err := Read(files(uvModel(lock, uvProjectText)...), ".")
	checkFault(t, err, "uv.lock:41", "the marker of numpy has a line break", ".dockerignore")
	m, _, err := Read(files("MLmodel", condaModel, "pyproject.toml", "[project]\nname = 'a'\ndependencies = [\n  \"numpy ; python_version > '3'\\n--pre\",\n  \"tab\\t==1\"]\n"), ".")
	if err != nil || len(m.Requirements) != 1 || len(m.Refused) != 1 {
		t.Fatalf("%+v, %v", m, err)
	}
	for _, r := range m.Refused {
		checkFault(t, r.Err, "pyproject.toml:1", "control character", "without = [")
	}
	// A tab between words is no fault.
	m, err = readWith(t, "a\t==1\t# why\n--extra-index-url\thttps://example.com/simple\n")
	if err != nil || len(m.Requirements) != 1 || m.Requirements[0].Text != "a ==1" || len(m.ExtraIndexURLs) != 1 {
		t.Errorf("%+v, %v", m, err)
	}
}

func TestManyLinks(t *testing.T) {
	var b strings.Builder
	b.WriteString("flavors:\n  python_function:\n    loader_module: m\n    artifacts:\n")
	for n := range maxLinks + 1 {
		b.WriteString("      a" + strings.Repeat("x", n%7) + ": {path: 'a\\" + strings.Repeat("b", n%200) + string(rune('a'+n/200%26)) + string(rune('a'+n/5200)) + "'}\n")
	}
	_, _, err := Read(files("MLmodel", b.String(), "requirements.txt", "a"), ".")
	checkFault(t, err, "MLmodel:10005", "more than 10000 files", "logged on Linux")
	checkAdvice(t, err)
}
