//go:build unix

package main

import (
	"bytes"
	"encoding/xml"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestPicture(t *testing.T) {
	dir := t.TempDir()
	script, file := filepath.Join(dir, "script"), filepath.Join(dir, "picture.svg")
	if err := os.WriteFile(script, []byte(`printf 'a <b> & \033[1;31mred\033[0m  c\nsecond\n'`), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := picture(file, script, 40, 10); err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for d := xml.NewDecoder(bytes.NewReader(got)); ; {
		if _, err := d.Token(); err == io.EOF {
			break
		} else if err != nil {
			t.Fatal(err)
		}
	}
	for _, want := range []string{">a &lt;b&gt; &amp;<", `fill="#ff7b72" textLength="25.2" xml:space="preserve" font-weight="bold">red<`, ">  c<", ">second<", `viewBox="0 0 368 68"`} {
		if !strings.Contains(string(got), want) {
			t.Errorf("no %q in\n%s", want, got)
		}
	}
	if err := os.WriteFile(script, []byte("echo why; exit 3"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := picture(file, script, 40, 10); err == nil || !strings.Contains(err.Error(), "why") {
		t.Errorf("%v", err)
	}
	if err := os.WriteFile(script, []byte("seq 20"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := picture(file, script, 40, 10); err == nil || !strings.Contains(err.Error(), "scrolled off") {
		t.Errorf("%v", err)
	}
}
