// Command wheel packs the command-line tool as Python wheels, one for each platform: the
// program as a script, and the package in python/. The same files make the same bytes
// with the same Go; neither Python nor a network is needed.
package main

import (
	"flag"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"strings"
)

func main() {
	log.SetFlags(0)
	version := flag.String("version", "", "version of the program")
	source := flag.String("python", "python", "directory with the Python package")
	out := flag.String("o", "dist", "directory for the wheels")
	flag.Parse()
	if *version == "" || flag.NArg() == 0 {
		log.Fatal("usage: wheel -version VERSION [-python DIR] [-o DIR] OS/ARCH=PROGRAM…")
	}
	for _, arg := range flag.Args() {
		if err := pack(*version, *source, *out, arg); err != nil {
			log.Fatalf("wheel: %s: %v", arg, err)
		}
	}
}

// pack makes the wheel of a platform; arg is OS/ARCH=PROGRAM, beside whose file its SBOM
// may be.
func pack(version, source, out, arg string) error {
	platform, program, _ := strings.Cut(arg, "=")
	tags, ok := platformTags()[platform]
	if !ok {
		return fmt.Errorf("no tag for the platform %q", platform)
	}
	w := wheel{Version: pythonVersion(version), Tags: tags}
	name := "deployfile"
	if strings.HasPrefix(platform, "windows/") {
		name += ".exe"
	}
	if err := w.add(filepath.Join("deployfile-"+w.Version+".data", "scripts", name), program, true); err != nil {
		return err
	}
	if err := w.addPackage(source); err != nil {
		return err
	}
	if err := w.add(w.info("licenses/LICENSE"), "LICENSE", false); err != nil {
		return err
	}
	if sbom := program + ".cdx.json"; exists(sbom) {
		if err := w.add(w.info("sboms/deployfile.cdx.json"), sbom, false); err != nil {
			return err
		}
	}
	readme, err := os.ReadFile(filepath.Join(source, "README.md"))
	if err != nil {
		return err
	}
	w.put(w.info("METADATA"), []byte(w.metadata(string(readme))), false)
	w.put(w.info("WHEEL"), []byte(w.wheel()), false)
	w.put(w.info("entry_points.txt"), []byte(entryPoints), false)
	if err := os.MkdirAll(out, 0o755); err != nil {
		return err
	}
	return w.write(filepath.Join(out, w.filename()))
}

func exists(name string) bool {
	_, err := os.Stat(name)
	return err == nil
}
