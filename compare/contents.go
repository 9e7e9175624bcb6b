// Package compare reports how two locks or images differ: for the review of a
// change, or to explain a rebuild with another digest. It is pure; package image
// below it reads images, and package verify rebuilds one.
//
// Promise: the three packages take untrusted locks and images, read them within
// limits and write nothing but the directory that verify is given. Results are the
// types of package report.
package compare

// Source is the type of what was read.
type Source string

// The sources.
const (
	Lock  Source = "lock"
	Image Source = "image"
)

// Contents are the contents of a lock or an image.
type Contents struct {
	// Name is the name that the user gave.
	Name   string
	Source Source
	// Digest is the image's digest, "" for a lock.
	Digest string

	Platforms []Platform
	// Blobs are all blobs that a push of an image sends.
	Blobs []Blob
}

// Platform has the contents for one platform.
type Platform struct {
	// Name is os/arch.
	Name string
	// Facts are by kind, then by name. A missing kind is one that the source
	// cannot tell.
	Facts map[Kind]map[string]Fact
	// Layers are an image's layers, lowest first.
	Layers []Blob
}

// Kind is the subject of a fact.
type Kind string

// The kinds, in the order of a report.
const (
	Base          Kind = "base"
	Toolchain     Kind = "toolchain"
	Request       Kind = "request" // Python's version and how MLflow is installed
	Requirement   Kind = "requirement"
	Constraint    Kind = "constraint"
	Override      Kind = "override"
	Without       Kind = "without"
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

// kinds returns all kinds with their headings, in the order of a report.
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
		{Override, "Overrides"},
		{Without, "Left out"},
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

// Fact is the value of a name.
type Fact struct {
	// Value is a version, a digest or a text; "" if the name is all there is to
	// say.
	Value string
	// Size is the size of a file in bytes.
	Size int64
}

// Blob is a part of an image as a registry stores it.
type Blob struct {
	// Digest identifies the blob, Size is the transferred size in bytes.
	Digest string
	Size   int64
	// CreatedBy is the layer's entry in the image's history.
	CreatedBy string
}
