// Package compare says how two locks or images differ: what a review wants to
// know of a change, and what a rebuild that came out otherwise is made of. It
// is pure; packages below it read what is compared.
package compare

// Source tells what was read.
type Source string

// The sources.
const (
	Lock  Source = "lock"
	Image Source = "image"
)

// Contents are what a lock or an image holds.
type Contents struct {
	// Name is how the user called it.
	Name   string
	Source Source
	// Digest is an image's, "" for a lock.
	Digest string

	Platforms []Platform
	// Blobs are all that a push of an image sends.
	Blobs []Blob
}

// Platform is what is held for one platform.
type Platform struct {
	// Name is os/arch.
	Name string
	// Facts are by kind, and in it by name. A kind that is not there is one
	// that the source says nothing about.
	Facts map[Kind]map[string]Fact
	// Layers are an image's, the lowest first.
	Layers []Blob
}

// Kind is what a fact is about.
type Kind string

// The kinds, in the order of a report.
const (
	Base          Kind = "base"
	Toolchain     Kind = "toolchain"
	Request       Kind = "request" // Python's version and how MLflow is installed
	Requirement   Kind = "requirement"
	Constraint    Kind = "constraint"
	Option        Kind = "option"
	Index         Kind = "index"
	Package       Kind = "package"
	PackageSource Kind = "package-source" // the file or commit that a package is installed from
	SystemPackage Kind = "system-package"
	ModelFile     Kind = "model-file"
	Config        Kind = "config"
	Environment   Kind = "env"
	Label         Kind = "label"
)

// kinds are all kinds with their headings, in the order of a report.
func kinds() []struct {
	kind    Kind
	heading string
} {
	return []struct {
		kind    Kind
		heading string
	}{
		{Base, "Base image"},
		{Toolchain, "Toolchain"},
		{Request, "Asked for"},
		{Requirement, "Requirements"},
		{Constraint, "Constraints"},
		{Option, "Options of requirements"},
		{Index, "Package indexes"},
		{Package, "Python packages"},
		{PackageSource, "Python packages of the same version from another source"},
		{SystemPackage, "System packages"},
		{ModelFile, "Model files"},
		{Config, "Image config"},
		{Environment, "Environment variables"},
		{Label, "Labels"},
	}
}

// Fact is what is known under a name.
type Fact struct {
	// Value is a version, a digest or a text; "" where the name says it all.
	Value string
	// Size is a file's, in bytes.
	Size int64
}

// Blob is a part of an image as a registry holds it.
type Blob struct {
	// Digest names it, Size is what is transferred, in bytes.
	Digest string
	Size   int64
	// CreatedBy is what the image's history says of a layer.
	CreatedBy string
}
