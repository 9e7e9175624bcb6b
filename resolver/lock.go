package resolver

import (
	"bytes"
	"fmt"
	"path"
	"regexp"
	"strings"

	"deps.dev/util/pypi"
	"github.com/BurntSushi/toml"
	"github.com/deployfile/deployfile/internal/terminal"
	"github.com/deployfile/deployfile/internal/untrusted"
	"github.com/deployfile/deployfile/modelsource"
	"github.com/deployfile/deployfile/toolchain"
	"github.com/opencontainers/go-digest"
)

// LockVersion is the version of the lock format that this package writes. A
// lock of another version is refused.
const LockVersion = 1

// Lock is Deployfile.lock: all that a build needs to know of the outside
// beside pylock.toml.
type Lock struct {
	Version int `toml:"version"`
	// Inputs are what the lock was made from.
	Inputs Inputs `toml:"inputs"`
	// ModelSource is what [model] source stood for; nil for a source that needs no
	// pin, such as a directory.
	ModelSource *modelsource.Pin `toml:"model-source"`
	// Base is the image that the model is put on, Toolchain the one that
	// installs the wheels.
	Base      Image `toml:"base"`
	Toolchain Image `toml:"toolchain"`
	// UV is uv's wheel for each platform that can build.
	UV []PlatformFile `toml:"uv"`
	// Platforms are the platforms that the lock holds, in the order of their
	// names.
	Platforms []Platform `toml:"platforms"`
	// Model are the model's files, in the order of their paths.
	Model []ModelFile `toml:"model"`
}

// Inputs are the answers to what the lock was asked.
type Inputs struct {
	Python         string   `toml:"python" json:"python"`
	Base           string   `toml:"base" json:"base"`
	Toolchain      string   `toml:"toolchain" json:"toolchain"`
	MLflow         string   `toml:"mlflow" json:"mlflow"`
	Requirements   []string `toml:"requirements" json:"requirements"`
	Constraints    []string `toml:"constraints" json:"constraints"`
	Options        []string `toml:"options" json:"options"`
	Indexes        []string `toml:"indexes" json:"indexes"`
	SystemPackages []string `toml:"system-packages" json:"system-packages"`
}

// Image is an image by digest, and where its Python is.
type Image struct {
	// Ref is the reference as the Deployfile has it, or "context:NAME" if a
	// build context took its place.
	Ref string `toml:"ref" json:"ref"`
	// Digest is that of the manifest or index.
	Digest string `toml:"digest" json:"digest"`
	// Python is the interpreter's path, PythonVersion its minor version.
	Python        string `toml:"python" json:"python"`
	PythonVersion string `toml:"python-version" json:"python-version"`
}

// PlatformFile is a file for one platform.
type PlatformFile struct {
	Platform string `toml:"platform"`
	toolchain.Download
}

// Platform is what the lock holds for one platform.
type Platform struct {
	// Name is os/arch, Glibc the base image's C library, "2.36".
	Name  string `toml:"name"`
	Glibc string `toml:"glibc"`
	// Pylock is the name of the pylock file beside the lock, PylockSHA256 the
	// hash of its bytes.
	Pylock       string `toml:"pylock"`
	PylockSHA256 string `toml:"pylock-sha256"`
	// Built are the wheels made from source.
	Built []BuiltWheel `toml:"built"`
	// SystemPackages are Debian packages in the order of their names.
	SystemPackages []SystemPackage `toml:"system-packages"`
	// Wheels are what the wheels bring that is not theirs alone; nil in a lock
	// that was made without looking into them.
	Wheels *WheelFiles `toml:"wheels"`
}

// BuiltWheel is a wheel that a build makes from a source distribution or a
// repository, and that must come out as it did when the lock was made.
type BuiltWheel struct {
	Name     string `toml:"name"`
	Version  string `toml:"version"`
	Filename string `toml:"filename"`
	SHA256   string `toml:"sha256"`
	// Requirements are the pinned and hashed packages that it is built with,
	// as a requirements.txt.
	Requirements string `toml:"requirements"`
}

// SystemPackage is a Debian package.
type SystemPackage struct {
	Name    string `toml:"name"`
	Version string `toml:"version"`
	toolchain.Download
}

// ModelFile is a file of the model, or a symbolic link to one of its files or
// folders.
type ModelFile struct {
	// Path is relative to the model's folder, Size in bytes, SHA256 in
	// hexadecimal.
	Path   string `toml:"path" json:"path"`
	Size   int64  `toml:"size" json:"size"`
	SHA256 string `toml:"sha256" json:"sha256"`
	// Executable says that the file may be run.
	Executable bool `toml:"executable,omitempty" json:"executable,omitempty"`
	// Link is where a symbolic link leads, relative to its own folder. Size and
	// SHA256 are those of this text, as git has it.
	Link string `toml:"link,omitempty" json:"link,omitempty"`
}

// ParseLock reads a Deployfile.lock.
func ParseLock(data []byte) (*Lock, error) {
	if err := readable(data); err != nil {
		return nil, err
	}
	var l Lock
	md, err := toml.Decode(string(data), &l)
	if err != nil {
		return nil, err
	}
	if l.Version != LockVersion {
		return nil, fmt.Errorf("lock version %d is not known: this deployfile reads version %d; run deployfile lock", l.Version, LockVersion)
	}
	if u := md.Undecoded(); len(u) > 0 {
		return nil, fmt.Errorf("unknown key %q; run deployfile lock", u[0].String())
	}
	if err := l.check(); err != nil {
		return nil, fmt.Errorf("%w; run deployfile lock", err)
	}
	return &l, nil
}

// MaxLock is the size of the largest Deployfile.lock and pylock file, in bytes.
const MaxLock = 16 << 20

// readable refuses a text that would exhaust the TOML library. The deepest key of
// a lock is packages.wheels.hashes.sha256; those of tools, which PEP 751 lets into
// a pylock file, may be deeper.
func readable(data []byte) error {
	if len(data) > MaxLock {
		return fmt.Errorf("it is larger than %d MiB", MaxLock>>20)
	}
	return untrusted.CheckTOML(data, untrusted.TOMLLimits{Depth: 32, Marks: 200_000, Values: 500_000})
}

var (
	glibcPattern  = regexp.MustCompile(`^2\.[0-9]{1,2}$`)
	pythonPattern = regexp.MustCompile(`^3\.[0-9]{1,2}$`)
)

// check refuses what a lock never has, so that one from a stranger can make
// no step read, write or run something else.
func (l *Lock) check() error {
	if p := l.ModelSource; p != nil && (p.Source == "" || p.Resolved == "" || terminal.Obeys(p.Source+p.Resolved)) {
		return fmt.Errorf("model source %q: %q is not what a source stands for", p.Source, p.Resolved)
	}
	for _, img := range []Image{l.Base, l.Toolchain} {
		if _, err := digest.Parse(img.Digest); err != nil {
			return fmt.Errorf("image %q: digest %q: %w", img.Ref, img.Digest, err)
		}
		if !path.IsAbs(img.Python) || path.Clean(img.Python) != img.Python || !pythonPattern.MatchString(img.PythonVersion) {
			return fmt.Errorf("image %q: %q is not the path of a Python %q", img.Ref, img.Python, img.PythonVersion)
		}
	}
	var files []toolchain.Download
	for _, u := range l.UV {
		files = append(files, u.Download)
	}
	names := make([]string, len(l.Platforms))
	known := map[string]bool{}
	for i, p := range l.Platforms {
		if names[i] = p.Name; known[p.Name] {
			return fmt.Errorf("platform %s is locked twice", p.Name)
		}
		known[p.Name] = true
	}
	for _, p := range l.Platforms {
		if want := PylockName(p.Name, names); p.Pylock != want {
			return fmt.Errorf("the pylock of %s is called %q instead of %q", p.Name, p.Pylock, want)
		}
		// One of another name could be the same file by another name, many times.
		if _, err := machine(p.Name); err != nil {
			return err
		}
		if !glibcPattern.MatchString(p.Glibc) {
			return fmt.Errorf("platform %s: %q is not a version of the GNU C library", p.Name, p.Glibc)
		}
		for _, s := range p.SystemPackages {
			files = append(files, s.Download)
		}
		for _, b := range p.Built {
			if err := b.check(); err != nil {
				return err
			}
		}
		if err := p.Wheels.check(); err != nil {
			return err
		}
	}
	for _, f := range files {
		if err := f.Check(); err != nil {
			return err
		}
		if f.URL == "" {
			return fmt.Errorf("%s has no address", f.Filename)
		}
	}
	for _, m := range l.Model {
		if err := m.Check(); err != nil {
			return err
		}
	}
	return nil
}

// pinLine is a line of the pinned requirements that a wheel is built with, as
// uv writes them.
var pinLine = regexp.MustCompile(`^( *#[^[:cntrl:]]*| *--hash=sha256:[0-9a-f]{64}( \\)?|[A-Za-z0-9][A-Za-z0-9._-]*==[A-Za-z0-9.+!]+( ?;[^\\[:cntrl:]]*)?( \\)?|)$`)

func (b BuiltWheel) check() error {
	d := toolchain.Download{Filename: b.Filename, SHA256: b.SHA256}
	if err := d.Check(); err != nil {
		return err
	}
	if _, err := pypi.ParseWheelName(b.Filename); err != nil {
		return fmt.Errorf("built wheel %s: %w", b.Name, err)
	}
	for line := range strings.SplitSeq(b.Requirements, "\n") {
		if !pinLine.MatchString(line) {
			return fmt.Errorf("built wheel %s: %q is not a pinned requirement", b.Name, line)
		}
	}
	return nil
}

// Encode writes the lock as TOML, the same bytes for the same lock.
func (l *Lock) Encode() ([]byte, error) {
	var b bytes.Buffer
	b.WriteString("# Made by deployfile lock. Commit it; do not edit it.\n")
	enc := toml.NewEncoder(&b)
	enc.Indent = ""
	if err := enc.Encode(l); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

// Platform returns what the lock holds for a platform, nil if nothing.
func (l *Lock) Platform(name string) *Platform {
	for i := range l.Platforms {
		if l.Platforms[i].Name == name {
			return &l.Platforms[i]
		}
	}
	return nil
}

// PylockName is the name of a platform's pylock file: pylock.toml if the lock
// has a single platform, else pylock.<os>-<arch>.toml (PEP 751's naming).
func PylockName(platform string, platforms []string) string {
	if len(platforms) == 1 {
		return "pylock.toml"
	}
	return "pylock." + strings.ReplaceAll(platform, "/", "-") + ".toml"
}
