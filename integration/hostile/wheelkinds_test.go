//go:build integration

package hostile

import (
	"crypto/sha256"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/deployfile/deployfile/internal/testing/buildtest"
	"github.com/deployfile/deployfile/internal/testing/lab"
	"github.com/deployfile/deployfile/resolver"
	"github.com/google/go-cmp/cmp"
)

// TestWheelsOfEveryKind looks into wheels of the context, built from source, and
// on a server that sends no parts of files.
func TestWheelsOfEveryKind(t *testing.T) {
	module := map[string]string{"dfbackend.py": "WORDS = 'another'\n"}
	elsewhere := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		whole := lab.WheelOf(t, "dfwhole", "1.0", "py3-none-any", map[string]string{"dfwhole.py": "", "dfbackend.py": "WORDS = 'a third'\n"})
		if strings.Contains(r.URL.Path, "dflarge") {
			whole = lab.WheelOf(t, "dflarge", "1.0", "py3-none-any", map[string]string{"dflarge.py": "", "noise.bin": noise(33 << 20)})
		}
		w.Header().Set("Content-Length", fmt.Sprint(len(whole.Content)))
		_, _ = w.Write(whole.Content)
	}))
	defer elsewhere.Close()
	x := lab.NewIndex(t, lab.Sdist(t, "dfbackend", "1.0", map[string]string{
		"backend.py":     lab.BackendSource,
		"pyproject.toml": "[build-system]\nrequires = []\nbuild-backend = \"backend\"\nbackend-path = [\".\"]\n",
	}))
	x.Links = map[string]string{}
	for _, name := range []string{"dfwhole", "dflarge"} {
		file := name + "-1.0-py3-none-any.whl"
		sum := sha256.Sum256(fetched(t, elsewhere.URL+"/"+file))
		x.Links[name] = fmt.Sprintf("<a href=\"%s/%s#sha256=%x\">%s</a>\n", elsewhere.URL, file, sum, file)
	}
	p := shared.Tiny(t, x.Table("local"), "dfbackend", "dfwhole", "dflarge", "./wheels/dflocal-1.0-py3-none-any.whl")
	module["dflocal.py"] = ""
	p.Write(t, "model/wheels/dflocal-1.0-py3-none-any.whl", string(lab.WheelOf(t, "dflocal", "1.0", "py3-none-any", module).Content))
	p.Lock(t)
	want := []string{
		"file-conflict: model/requirements.txt:1: dfbackend, dflocal and dfwhole contain /opt/venv/lib/python3.11/site-packages/dfbackend.py with different contents, and the image has those of dfbackend",
		"file-conflict: model/requirements.txt:3: the files of dflarge are not known: its server sends no parts of files",
	}
	if d := cmp.Diff(want, judged(t, p)); d != "" {
		t.Errorf("what check says (-want +got):\n%s", d)
	}
	if a, _ := buildtest.About(t, p); a.Modules["dfbackend"] != "built by its own backend" {
		t.Errorf("the image's dfbackend says %q", a.Modules["dfbackend"])
	}
}

// noise is text that no compression makes smaller, the same every time.
func noise(size int) string {
	out := make([]byte, 0, size+32)
	sum := sha256.Sum256(nil)
	for len(out) < size {
		sum = sha256.Sum256(sum[:])
		out = append(out, sum[:]...)
	}
	return string(out)
}

func fetched(t *testing.T, url string) []byte {
	t.Helper()
	r, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	data, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// TestHonestWheel finds nothing to say of a wheel like most.
func TestHonestWheel(t *testing.T) {
	x := lab.NewIndex(t, lab.Wheel(t, "dfone", "1.0", ""))
	p := shared.Tiny(t, x.Table("local"), "dfone")
	p.Lock(t)
	lock, err := resolver.ParseLock([]byte(p.Read(t, "Deployfile.lock")))
	if err != nil {
		t.Fatal(err)
	}
	if w := lock.Platforms[0].Wheels; w == nil || len(w.Conflicts)+len(w.Startup)+len(w.Unread) > 0 {
		t.Errorf("the lock says %+v of an honest wheel", w)
	}
	if got := judged(t, p); len(got) > 0 {
		t.Errorf("check says %q of an honest wheel", got)
	}
}
