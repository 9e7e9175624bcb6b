package lab

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
)

// Distribution is the file of a package.
type Distribution struct {
	Name    string
	Content []byte
}

// Wheel returns a pure-Python wheel (PEP 427) with a module of the project's name
// that has the given text.
func Wheel(t *testing.T, project, version, module string, requires ...string) Distribution {
	t.Helper()
	return WheelFor(t, project, version, "py3-none-any", module, requires...)
}

// WheelFor returns such a wheel for interpreters that accept the tag.
func WheelFor(t *testing.T, project, version, tag, module string, requires ...string) Distribution {
	t.Helper()
	return WheelOf(t, project, version, tag, map[string]string{strings.ReplaceAll(project, "-", "_") + ".py": module}, requires...)
}

// WheelOf returns a wheel with these files, by their names in the archive.
func WheelOf(t *testing.T, project, version, tag string, content map[string]string, requires ...string) Distribution {
	t.Helper()
	written := strings.ReplaceAll(project, "-", "_")
	info := fmt.Sprintf("%s-%s.dist-info/", written, version)
	files := map[string]string{
		info + "METADATA": metadata(project, version, requires...),
		info + "WHEEL":    "Wheel-Version: 1.0\nGenerator: integration\nRoot-Is-Purelib: true\nTag: " + tag + "\n",
	}
	maps.Copy(files, content)
	var record strings.Builder
	for _, name := range slices.Sorted(maps.Keys(files)) {
		sum := sha256.Sum256([]byte(files[name]))
		fmt.Fprintf(&record, "%s,sha256=%s,%d\n", name, base64.RawURLEncoding.EncodeToString(sum[:]), len(files[name]))
	}
	files[info+"RECORD"] = record.String() + info + "RECORD,,\n"
	var out bytes.Buffer
	z := zip.NewWriter(&out)
	for _, name := range slices.Sorted(maps.Keys(files)) {
		w, err := z.Create(name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write([]byte(files[name])); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return Distribution{fmt.Sprintf("%s-%s-%s.whl", written, version, tag), out.Bytes()}
}

func metadata(project, version string, requires ...string) string {
	text := fmt.Sprintf("Metadata-Version: 2.1\nName: %s\nVersion: %s\nLicense: MIT\n", project, version)
	for _, r := range requires {
		text += "Requires-Dist: " + r + "\n"
	}
	return text
}

// Sdist returns a source distribution with these files.
func Sdist(t *testing.T, project, version string, files map[string]string) Distribution {
	t.Helper()
	top := project + "-" + version
	var out bytes.Buffer
	compressed := gzip.NewWriter(&out)
	archive := tar.NewWriter(compressed)
	all := maps.Clone(files)
	all["PKG-INFO"] = metadata(project, version)
	for _, name := range slices.Sorted(maps.Keys(all)) {
		h := &tar.Header{Name: top + "/" + name, Mode: 0o644, Size: int64(len(all[name]))}
		if err := archive.WriteHeader(h); err != nil {
			t.Fatal(err)
		}
		if _, err := archive.Write([]byte(all[name])); err != nil {
			t.Fatal(err)
		}
	}
	if err := archive.Close(); err != nil {
		t.Fatal(err)
	}
	if err := compressed.Close(); err != nil {
		t.Fatal(err)
	}
	return Distribution{top + ".tar.gz", out.Bytes()}
}
