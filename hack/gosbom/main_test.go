package main

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"

	cdx "github.com/CycloneDX/cyclonedx-go"
)

// TestWrite describes this test program, twice.
func TestWrite(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	program, err := os.ReadFile(self)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "program")
	if err := os.WriteFile(file, program, 0o755); err != nil {
		t.Fatal(err)
	}
	var before []byte
	for range 2 {
		if err := write(file, "v1.2.3"); err != nil {
			t.Fatal(err)
		}
		data, err := os.ReadFile(file + ".cdx.json")
		if err != nil {
			t.Fatal(err)
		}
		if before != nil && !bytes.Equal(before, data) {
			t.Error("the second run gives other bytes")
		}
		before = data
	}
	var b cdx.BOM
	if err := cdx.NewBOMDecoder(bytes.NewReader(before), cdx.BOMFileFormatJSON).Decode(&b); err != nil {
		t.Fatal(err)
	}
	c := b.Metadata.Component
	if want := fmt.Sprintf("%x", sha256.Sum256(program)); c.Name != "program" || c.Version != "v1.2.3" || (*c.Hashes)[0].Value != want {
		t.Errorf("component %+v, want hash %s", c, want)
	}
	n := slices.IndexFunc(*b.Components, func(c cdx.Component) bool { return c.Name == "github.com/CycloneDX/cyclonedx-go" })
	if n < 0 {
		t.Fatal("the module of a package that is imported here is missing")
	}
	m := (*b.Components)[n]
	if m.PackageURL != "pkg:golang/github.com/CycloneDX/cyclonedx-go@"+m.Version || m.Properties == nil {
		t.Errorf("module %+v", m)
	}
	if !slices.Contains(*(*b.Dependencies)[0].Dependencies, m.BOMRef) {
		t.Error("the program does not depend on it")
	}
}
