//go:build integration

package docs

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/deployfile/deployfile/internal/testing/lab"
)

// TestCompletionBlock runs the block in bash. What it completes is tested on a terminal
// by internal/cli.
func TestCompletionBlock(t *testing.T) {
	r := newReader(t, here)
	b := coveredBy(t, cliPage)[0]
	b.text += "complete -p deployfile\n"
	if out, log, err := r.run(t, b); err != nil || !strings.Contains(out, "__start_deployfile") {
		t.Errorf("%v\n%s%s", err, out, log)
	}
}

// TestIrisPage runs the example as its page says.
func TestIrisPage(t *testing.T) {
	all := coveredBy(t, irisPage)
	r := newReader(t, alone(t))
	data, err := os.ReadFile("../../examples/iris/Deployfile")
	if err != nil {
		t.Fatal(err)
	}
	r.write(t, string(data))
	r.serve(t, all[0].text, all[1])
}

// TestNetworksPage locks with certificates and with an index that wants a credential, and
// builds through a mirror.
func TestNetworksPage(t *testing.T) {
	all := coveredBy(t, netPage)
	corp := lab.NewIndex(t, lab.Wheel(t, "corp-features", "1.0", ""))
	corp.User, corp.Password = "reader", "correct-horse-battery"
	wheel := lab.Wheel(t, "dfone", "1.0", "")
	other, mirror := lab.NewIndex(t, wheel), lab.NewIndex(t, wheel)
	r := newReader(t, here, "CORP_PYPI=reader:correct-horse-battery")
	r.names = strings.NewReplacer("https://pypi.example.com", corp.URL, "https://mirror.example.com", mirror.URL)
	tiny := os.DirFS("../../internal/cli/testdata/tiny")
	if err := os.RemoveAll(filepath.Join(r.dir, "model")); err != nil {
		t.Fatal(err)
	}
	if err := os.CopyFS(r.dir, tiny); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(r.dir, "Deployfile")
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	plain := string(data)
	require := func(name, more string) {
		t.Helper()
		text := strings.Replace(plain, "[environment]\n", fmt.Sprintf("[environment]\nrequirements = [%q]\n", name), 1)
		r.write(t, r.names.Replace(text+more))
	}
	run := func(b block) {
		t.Helper()
		if out, log, err := r.run(t, b); err != nil {
			t.Fatalf("%s: %v\n%s%s", b.text, err, out, lab.Tail(log))
		}
	}

	run(all[0])
	require("corp-features", "\n"+all[1].text)
	run(all[2])
	if !corp.AskedFor("corp-features") {
		t.Error("the index was not asked")
	}

	require("dfone", "\n"+other.Table("other"))
	run(block{text: "deployfile lock"})
	lock, err := os.ReadFile(file + ".lock")
	if err != nil {
		t.Fatal(err)
	}
	// uv comes through the mirror, too; this one links to where it is.
	mirror.Links = map[string]string{}
	for _, m := range regexp.MustCompile(`filename = "(uv-.*)"\nurl = "(.*)"\nsha256 = "(.*)"`).FindAllStringSubmatch(string(lock), -1) {
		mirror.Links["uv"] += fmt.Sprintf("<a href=\"%s#sha256=%s\">%s</a>\n", m[2], m[3], m[1])
	}
	other.Close()
	run(all[3])
	if !mirror.AskedFor("files/dfone") {
		t.Error("the mirror was not asked for the wheel")
	}
}
