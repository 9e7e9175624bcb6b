// Command gosbom writes SBOMs of Go programs from the build information that
// the linker left in them: for each FILE a FILE.cdx.json in the CycloneDX
// format, with the program's modules and their hashes. The same program gives
// the same bytes.
package main

import (
	"crypto/sha256"
	"debug/buildinfo"
	"flag"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"runtime/debug"
	"strings"

	cdx "github.com/CycloneDX/cyclonedx-go"
	"github.com/google/uuid"
)

func main() {
	log.SetFlags(0)
	version := flag.String("version", "", "version of the programs")
	flag.Parse()
	if *version == "" || flag.NArg() == 0 {
		log.Fatal("usage: gosbom -version VERSION FILE...")
	}
	for _, file := range flag.Args() {
		if err := write(file, *version); err != nil {
			log.Fatalf("gosbom: %s: %v", file, err)
		}
	}
}

func write(file, version string) (err error) {
	program, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	info, err := buildinfo.ReadFile(file)
	if err != nil {
		return err
	}
	out, err := os.Create(file + ".cdx.json")
	if err != nil {
		return err
	}
	defer func() {
		if e := out.Close(); err == nil {
			err = e
		}
	}()
	sum := sha256.Sum256(program)
	return cdx.NewBOMEncoder(out, cdx.BOMFileFormatJSON).SetPretty(true).SetEscapeHTML(false).Encode(bom(filepath.Base(file), version, sum, info))
}

// bom describes a program; sum is its SHA-256.
func bom(name, version string, sum [sha256.Size]byte, info *debug.BuildInfo) *cdx.BOM {
	program := cdx.Component{
		BOMRef: "program", Type: cdx.ComponentTypeApplication, Name: name, Version: version,
		PackageURL: purl(info.Main.Path, version) + "#" + strings.TrimPrefix(strings.TrimPrefix(info.Path, info.Main.Path), "/"),
		Hashes:     &[]cdx.Hash{{Algorithm: cdx.HashAlgoSHA256, Value: fmt.Sprintf("%x", sum)}},
		Properties: settings(info),
	}
	components := []cdx.Component{{
		BOMRef: "std", Type: cdx.ComponentTypeLibrary, Name: "std", Version: info.GoVersion,
		PackageURL: "pkg:golang/std@" + strings.TrimPrefix(info.GoVersion, "go"),
	}}
	refs := []string{"std"}
	for _, m := range info.Deps {
		if m.Replace != nil {
			m = m.Replace
		}
		c := cdx.Component{BOMRef: purl(m.Path, m.Version), Type: cdx.ComponentTypeLibrary, Name: m.Path, Version: m.Version, PackageURL: purl(m.Path, m.Version)}
		if m.Sum != "" {
			c.Properties = &[]cdx.Property{{Name: "go.sum", Value: m.Sum}}
		}
		components = append(components, c)
		refs = append(refs, c.BOMRef)
	}
	b := cdx.NewBOM()
	// The same serial number in every run.
	b.SerialNumber = uuid.NewSHA1(uuid.NameSpaceURL, []byte("https://github.com/deployfile/deployfile#sha256:"+fmt.Sprintf("%x", sum))).URN()
	b.Metadata = &cdx.Metadata{Component: &program}
	b.Components = &components
	b.Dependencies = &[]cdx.Dependency{{Ref: program.BOMRef, Dependencies: &refs}}
	return b
}

// purl returns a module's package URL (the purl specification's type golang).
func purl(path, version string) string {
	return "pkg:golang/" + path + "@" + strings.ReplaceAll(version, "+", "%2B")
}

// settings returns the flags and environment of the compilation.
func settings(info *debug.BuildInfo) *[]cdx.Property {
	var out []cdx.Property
	for _, s := range info.Settings {
		out = append(out, cdx.Property{Name: "go.build." + strings.TrimPrefix(s.Key, "-"), Value: s.Value})
	}
	return &out
}
