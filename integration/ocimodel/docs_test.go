//go:build integration

package ocimodel

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/deployfile/deployfile/internal/testing/lab"
)

// TestPage runs the commands of docs/models-oci.md.
func TestPage(t *testing.T) {
	page, err := os.ReadFile("../../docs/models-oci.md")
	if err != nil {
		t.Fatal(err)
	}
	registry := lab.StartRegistry(t)
	p := project(t, "dir:"+model(t, 5))
	c := newCLI(t)
	bin := filepath.Join(t.TempDir(), "deployfile")
	// The builder and the images of the test, where a user has those of the internet.
	script := "#!/bin/sh\ncase $1 in lock|build) exec \"" + shared.deployfile + "\" \"$@\" " + quoted(flags(p, shared.builder)) + ";; esac\nexec \"" + shared.deployfile + "\" \"$@\"\n"
	if err := os.WriteFile(bin, []byte(script), 0o755); err != nil {
		t.Fatal(err)
	}
	blocks := regexp.MustCompile("(?ms)^```sh\n(.*?)^```").FindAllStringSubmatch(string(page), -1)
	if len(blocks) < 2 {
		t.Fatalf("%d blocks", len(blocks))
	}
	for _, b := range blocks {
		cmd := exec.CommandContext(t.Context(), "sh", "-ec", strings.ReplaceAll(b[1], "registry.example.com", registry.Host))
		cmd.Dir, cmd.Env = p.Dir, append(c.env, "PATH="+filepath.Dir(bin)+":"+os.Getenv("PATH"))
		var out bytes.Buffer
		cmd.Stdout, cmd.Stderr = &out, &out
		if err := cmd.Run(); err != nil {
			t.Fatalf("%v:\n%s\n%s", err, b[1], out.String())
		}
	}
}

func quoted(args []string) string {
	out := make([]string, len(args))
	for n, a := range args {
		out[n] = "'" + a + "'"
	}
	return strings.Join(out, " ")
}
