package resolver

import (
	"bytes"
	"fmt"
	"regexp"
	"strings"

	"github.com/BurntSushi/toml"
	"github.com/deployfile/deployfile/modelsource"
	"github.com/deployfile/deployfile/toolchain"
)

// LockVersion is the version of the lock format. A lock of another version is
// refused.
const LockVersion = 1

// Lock is Deployfile.lock: everything that a build needs from outside besides
// pylock.toml.
type Lock struct {
	Version int `toml:"version"`
	// Inputs are the inputs of the lock.
	Inputs Inputs `toml:"inputs"`
	// ModelSource is what [model] source stood for; nil for a source that needs no
	// pin, such as a directory.
	ModelSource *modelsource.Pin `toml:"model-source"`
	// ModelBase has the repositories of a hub whose weights the model refers to. Their
	// files are in Model.
	ModelBase []modelsource.Pin `toml:"model-base,omitempty"`
	// Base is the base image, Toolchain the image that installs the wheels.
	Base      Image `toml:"base"`
	Toolchain Image `toml:"toolchain"`
	// UV has uv's wheel for each build platform.
	UV []PlatformFile `toml:"uv"`
	// Platforms are the locked platforms, sorted by name.
	Platforms []Platform `toml:"platforms"`
	// Model has the model's files, sorted by path.
	Model []ModelFile `toml:"model"`
}

// Inputs are the values of the Deployfile and the model that the lock depends
// on.
type Inputs struct {
	Python       string   `toml:"python" json:"python"`
	Base         string   `toml:"base" json:"base"`
	Toolchain    string   `toml:"toolchain" json:"toolchain"`
	MLflow       string   `toml:"mlflow" json:"mlflow"`
	Requirements []string `toml:"requirements" json:"requirements"`
	Constraints  []string `toml:"constraints" json:"constraints"`
	// Override replaces requirements of the same name, and Without lists the names
	// that are left out, in the whole graph.
	Override       []string `toml:"override,omitempty" json:"override,omitempty"`
	Without        []string `toml:"without,omitempty" json:"without,omitempty"`
	Options        []string `toml:"options" json:"options"`
	Indexes        []string `toml:"indexes" json:"indexes"`
	SystemPackages []string `toml:"system-packages" json:"system-packages"`
	BuildPackages  []string `toml:"build-packages" json:"build-packages"`
	// Reasons say why an input is what it is where nobody has written it, for Changes:
	// by key ("mlflow"), or by key and item ("system package openjdk-17-jre").
	Reasons map[string]string `toml:"-" json:"-"`
}

// Because records why an input is what it is.
func (i *Inputs) Because(input, reason string) {
	if i.Reasons == nil {
		i.Reasons = map[string]string{}
	}
	i.Reasons[input] = reason
}

// Image is an image by digest, with its Python.
type Image struct {
	// Ref is the reference as in the Deployfile, or "context:NAME" for a build
	// context.
	Ref string `toml:"ref" json:"ref"`
	// Digest is the digest of the manifest or index.
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

// Platform is the lock for one platform.
type Platform struct {
	// Name is os/arch, Glibc the version of the base image's C library, "2.36".
	Name  string `toml:"name"`
	Glibc string `toml:"glibc"`
	// Pylock is the name of the pylock file beside the lock, PylockSHA256 its
	// hash.
	Pylock       string `toml:"pylock"`
	PylockSHA256 string `toml:"pylock-sha256"`
	// Built are the wheels built from source.
	Built []BuiltWheel `toml:"built"`
	// SystemPackages are Debian packages, sorted by name.
	SystemPackages []SystemPackage `toml:"system-packages"`
	// BuildPackages are Debian packages for the steps that build the wheels of Built,
	// sorted by name; they are no part of the image.
	BuildPackages []SystemPackage `toml:"build-packages,omitempty"`
	// Wheels lists files that wheels share or that run at every start; nil in a
	// lock that was written without inspecting wheels.
	Wheels *WheelFiles `toml:"wheels"`
}

// BuiltWheel is a wheel that a build makes from a source distribution or a
// repository. It must come out as it did when the lock was written.
type BuiltWheel struct {
	Name     string `toml:"name"`
	Version  string `toml:"version"`
	Filename string `toml:"filename"`
	SHA256   string `toml:"sha256"`
	// Requirements are its pinned and hashed build requirements, as a
	// requirements.txt.
	Requirements string `toml:"requirements"`
	// Libraries are the shared libraries that its programs and modules link to and
	// that it does not contain, sorted.
	Libraries []string `toml:"libraries,omitempty"`
}

// SystemPackage is a Debian package.
type SystemPackage struct {
	Name    string `toml:"name"`
	Version string `toml:"version"`
	toolchain.Download
}

// ModelFiles returns the model's own files, and those of the weights that it refers to.
func (l *Lock) ModelFiles() (own, bases []modelsource.File) {
	for _, f := range l.Model {
		file := modelsource.File{Path: f.Path, Size: f.Size, SHA256: f.SHA256}
		if modelsource.InBase(f.Path) {
			bases = append(bases, file)
		} else {
			own = append(own, file)
		}
	}
	return own, bases
}

// ModelFile is a file of the model, or a symbolic link to one of its files or
// directories.
type ModelFile struct {
	// Path is relative to the model's directory, Size in bytes, SHA256 in
	// hexadecimal.
	Path   string `toml:"path" json:"path"`
	Size   int64  `toml:"size" json:"size"`
	SHA256 string `toml:"sha256" json:"sha256"`
	// Executable is the file's executable bit.
	Executable bool `toml:"executable,omitempty" json:"executable,omitempty"`
	// Link is the target of a symbolic link, relative to its own directory. Size
	// and SHA256 are those of this text, as in git.
	Link string `toml:"link,omitempty" json:"link,omitempty"`
}

// ParseLock parses a Deployfile.lock.
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

// MaxLock limits the size of Deployfile.lock and of each pylock file, in bytes.
const MaxLock = 16 << 20

var (
	glibcPattern   = regexp.MustCompile(`^2\.[0-9]{1,2}$`)
	libraryPattern = regexp.MustCompile(`^[A-Za-z0-9._+-]{1,255}$`)
	pythonPattern  = regexp.MustCompile(`^3\.[0-9]{1,2}$`)
)

// Encode encodes the lock as TOML; the same lock gives the same bytes.
func (l *Lock) Encode() ([]byte, error) {
	var b bytes.Buffer
	b.WriteString("# Made by deployfile lock. Commit it; do not edit it.\n")
	enc := toml.NewEncoder(&b)
	enc.Indent = ""
	if err := enc.Encode(l); err != nil {
		return nil, err
	}
	if err := readable(b.Bytes()); err != nil {
		return nil, fmt.Errorf("no lock is written, because none like it is read: the model has %d files: %w; keep fewer there, for example in an archive", len(l.Model), err)
	}
	return b.Bytes(), nil
}

// Platform returns the lock for a platform, or nil.
func (l *Lock) Platform(name string) *Platform {
	for i := range l.Platforms {
		if l.Platforms[i].Name == name {
			return &l.Platforms[i]
		}
	}
	return nil
}

// PylockName returns the name of a platform's pylock file: pylock.toml if the
// lock has a single platform, else pylock.<os>-<arch>.toml (PEP 751's naming).
func PylockName(platform string, platforms []string) string {
	if len(platforms) == 1 {
		return "pylock.toml"
	}
	return "pylock." + strings.ReplaceAll(platform, "/", "-") + ".toml"
}
