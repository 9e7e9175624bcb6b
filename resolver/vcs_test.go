package resolver

import (
	"errors"
	"fmt"
	"net/url"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/moby/buildkit/util/gitutil"
)

func TestParseRepository(t *testing.T) {
	for text, want := range map[string]repository{
		"a @ git+https://git.example.com/a.git":                  {Name: "a", Key: "a", URL: "https://git.example.com/a.git"},
		"a @ git+https://git.example.com/a.git@v1.0":             {Name: "a", Key: "a", URL: "https://git.example.com/a.git", Revision: "v1.0"},
		"a[x,y] @ git+ssh://git@git.example.com/o/a@feature/one": {Name: "a[x,y]", Key: "a", URL: "ssh://git@git.example.com/o/a", Revision: "feature/one"},
		"a @ git+https://git.example.com/a#subdirectory=lib&egg=a ; python_version < '4'": {
			Name: "a", Key: "a", URL: "https://git.example.com/a", Subdirectory: "lib", Marker: "python_version < '4'"},
	} {
		got, ok, err := parseRepository(text)
		if err != nil || !ok {
			t.Errorf("%q: %v %v", text, ok, err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%q: %s", text, diff)
		}
	}
	if _, ok, _ := parseRepository("a==1"); ok {
		t.Error("a==1 is taken for a repository")
	}
}

// hostileRepositories are repositories by which a requirement or a lock would make
// git, ssh or BuildKit do something else than fetch from elsewhere.
func hostileRepositories() map[string]string {
	return map[string]string{
		"no host":                           "git+nowhere",
		"a helper":                          "git+ext::sh -c touch% /tmp/x",
		"a file":                            "git+file:///etc",
		"a file on a host":                  "git+file://localhost/etc",
		"a host that is option":             "git+ssh://-oProxyCommand=touch/x",
		"an option":                         "git+https://git.example.com/a@--upload-pack=touch",
		"two lines":                         "git+https://git.example.com/a@main\nx",
		"two arguments":                     "git+https://git.example.com/a@main x",
		"a folder in a ref":                 "git+https://git.example.com/a@main:lib",
		"a folder outside":                  "git+https://git.example.com/a#subdirectory=../../run/secrets",
		"a folder outside, as a URL has it": "git+https://git.example.com/a#subdirectory=lib/%2e%2e/%2e%2e/x",
		"an absolute folder":                "git+https://git.example.com/a#subdirectory=/run/secrets",
		"a password":                        "git+https://ada:secret@git.example.com/a",
	}
}

func TestHostileRepositories(t *testing.T) {
	for name, location := range hostileRepositories() {
		t.Run(name, func(t *testing.T) {
			_, ok, err := parseRepository("a @ " + location)
			var refused *RequirementError
			if !ok || !errors.As(err, &refused) {
				t.Errorf("%s is accepted: %v", location, err)
			}
			if err != nil && strings.Contains(err.Error(), "secret@") {
				t.Errorf("the password is in the message: %v", err)
			}
		})
	}
}

// TestHostileLockedRepositories has the same in a pylock file.
func TestHostileLockedRepositories(t *testing.T) {
	lock := func(url, revision, subdirectory string) string {
		return fmt.Sprintf("lock-version = \"1.0\"\n[[packages]]\nname = \"a\"\nvcs = { type = \"git\", url = %q, requested-revision = %q, subdirectory = %q, commit-id = %q }\n",
			url, revision, subdirectory, strings.Repeat("0", 40))
	}
	if _, err := ParsePylock([]byte(lock("ssh://git@git.example.com/a", "feature/one", "lib"))); err != nil {
		t.Error(err)
	}
	for name, text := range map[string]string{
		"a file":             lock("file:///etc", "", ""),
		"a helper":           lock("ext::sh -c x", "", ""),
		"a host's option":    lock("ssh://-oProxyCommand=x/y", "", ""),
		"an option":          lock("https://git.example.com/a", "--upload-pack=x", ""),
		"a folder outside":   lock("https://git.example.com/a", "", "../x"),
		"an absolute folder": lock("https://git.example.com/a", "", "/x"),
		"a password":         lock("https://ada:secret@git.example.com/a", "", ""),
	} {
		if _, err := ParsePylock([]byte(text)); err == nil {
			t.Errorf("%s is accepted", name)
		}
	}
}

// FuzzRepository reads any text as a requirement: BuildKit, which reads addresses in
// its own way, takes a repository that is accepted for the same one.
func FuzzRepository(f *testing.F) {
	f.Add("a[x] @ git+ssh://git@git.example.com/o/a@feature/one#subdirectory=lib&egg=a ; python_version < '4'")
	for _, location := range hostileRepositories() {
		f.Add("a @ " + location)
	}
	f.Fuzz(func(t *testing.T, text string) {
		r, ok, err := parseRepository(text)
		if !ok || err != nil {
			return
		}
		ours, err := url.Parse(r.URL)
		if err != nil {
			t.Fatal(err)
		}
		theirs, err := gitutil.ParseURL(r.URL)
		if err != nil {
			t.Fatalf("%q: BuildKit does not read %q: %v", text, r.URL, err)
		}
		if theirs.Scheme != ours.Scheme || theirs.Host != ours.Host {
			t.Errorf("%q: BuildKit goes to %s://%s", r.URL, theirs.Scheme, theirs.Host)
		}
		if strings.HasPrefix(r.Revision, "-") || strings.ContainsAny(r.Revision, ": \n") {
			t.Errorf("revision %q is accepted", r.Revision)
		}
		if r.Subdirectory != "" && !filepath.IsLocal(r.Subdirectory) {
			t.Errorf("folder %q is accepted", r.Subdirectory)
		}
	})
}
