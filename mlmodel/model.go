// Package mlmodel reads an MLflow Model: MLmodel, its environment files
// (python_env.yaml, conda.yaml, requirements.txt), its signature and its saved
// input example. It reads through an fs.FS, such as a directory, a BuildKit
// reference or a test's map, and never opens the model's weights.
//
// Promise: a model is untrusted input. Reading one never panics, and is linear in
// the size of its metadata.
package mlmodel

import "encoding/json"

// Model is the metadata of an MLflow Model.
type Model struct {
	// MLflowVersion is the version that logged the model; "" if older than 1.14,
	// which wrote none.
	MLflowVersion string
	// Created is when the model was logged, in UTC and RFC 3339; "" if unknown.
	Created string
	// RunID, ModelID and UUID identify the model in a tracking server; each may be
	// "".
	RunID, ModelID, UUID string
	// RegisteredName and RegisteredVersion are what RegisteredModelMeta says; ""
	// if the model was not fetched from a registry, or by a client that writes no
	// such file.
	RegisteredName, RegisteredVersion string
	// LeftOut are files of the directory that are no part of the model.
	LeftOut []string
	// Flavors are the keys of "flavors:", sorted, including python_function.
	Flavors []string
	// Loader is python_function's loader_module.
	Loader string
	// ModelPath is the flavour's data path relative to the model's directory (""
	// if the flavour has none), CodePath the directory of extra code.
	ModelPath, CodePath string
	// Python is the full version of the Python that logged the model; "" if
	// unknown.
	Python string
	// PythonFile and PythonLine are where it comes from, "" and 0 if it is unknown.
	PythonFile string
	PythonLine int
	// PythonErr says why what the model has in its place is no version; nil if that is
	// not so. It is an error only if nothing else says which Python serves the model.
	PythonErr *SourceError
	// Requirements are the Python requirements in the order of their files, with
	// -r files expanded. They come from the first of these files that exists, in
	// the order of MLflow's own virtualenv: python_env.yaml (which says "-r
	// requirements.txt"), requirements.txt, conda.yaml's pip section.
	Requirements []Requirement
	// BuildRequirements are what MLflow installs first: pip, setuptools and wheel,
	// as python_env.yaml or conda.yaml pin them. A model may need setuptools at
	// run time.
	BuildRequirements []Requirement
	// Constraints come from the -c lines of all files, and from the model's own lock,
	// uv.lock or pylock.toml.
	Constraints []Requirement
	// Refused are the lines that cannot be installed as they are. Whoever installs
	// the model has to replace them, or return the error of the first.
	Refused []Refused
	// IndexURL is --index-url, ExtraIndexURLs each --extra-index-url, both
	// without credentials.
	IndexURL       string
	ExtraIndexURLs []string
	// LockedIndexes are the indexes that the model's own lock takes packages from and
	// its pyproject.toml names.
	LockedIndexes []LockedIndex
	// Options are the other options that requirements files may set.
	Options Options
	// Signature is the "signature:" value as one compact JSON object with the keys
	// inputs, outputs and params, each the JSON that MLmodel contains as a string.
	// Null keys are omitted. It is nil if the model has no signature.
	Signature json.RawMessage
	// ServingInput is the path of serving_input_example.json (or the file that
	// MLmodel names instead) relative to the model's directory, "" if there is
	// none; InputExample likewise for input_example.json.
	ServingInput, InputExample string
	// InputExampleType is saved_input_example_info's type: dataframe, ndarray,
	// json_object, sparse_matrix_csc or sparse_matrix_csr; "" if none.
	InputExampleType string
	// EnvVars are the names of the environment variables that the model read
	// while it was logged (MLflow 3), in MLmodel's order.
	EnvVars []string
	// Variables are the environment variables that conda.yaml sets, and those that a
	// flavor needs to load the model, by name.
	Variables map[string]string
	// Hub are the repositories of a hub that have the model's weights, which are not in
	// its directory.
	Hub []HubReference
	// SystemPackages are Debian packages that the model implies, each once: what its
	// flavors and requirements need beside Python.
	SystemPackages []SystemPackage
	// Tracks reports that the model's code asks MLflow for a tracking store.
	Tracks bool
	// Links are the names by which MLmodel names files of the model with Windows'
	// separators. In an image they are symbolic links.
	Links []Link
	// Pickled reports that the flavour's data is a pickle (cloudpickle, joblib).
	Pickled bool
	// Metadata is the user's metadata: map as JSON; nil if none.
	Metadata json.RawMessage
	// Files are the files that were read, in reading order, relative to the root
	// of the file system.
	Files []string
}

// Options are the options of a requirements file that select among an index's
// files. They apply to all requirements, including those of other files.
type Options struct {
	// FindLinks are the --find-links locations: URLs, or directories relative to
	// the root of the file system.
	FindLinks []string
	// NoIndex is --no-index, Prerelease --pre, RequireHashes --require-hashes.
	NoIndex, Prerelease, RequireHashes bool
	// NoBinary and OnlyBinary are normalised project names, or ":all:" alone.
	NoBinary, OnlyBinary []string
}

// RequirementsFile is a requirements file with the files that it includes by -r
// and -c.
type RequirementsFile struct {
	// Requirements and Constraints are in reading order.
	Requirements, Constraints []Requirement
	// Refused are the lines of a model's file that cannot be installed.
	Refused []Refused
	// IndexURL is the last --index-url, ExtraIndexURLs each --extra-index-url
	// once; none holds a credential.
	IndexURL       string
	ExtraIndexURLs []string
	Options        Options
	// Files are the files read, in reading order.
	Files []string
	// Size is the total size of the files in bytes, Entries the number of
	// requirements, names and other option values in them.
	Size, Entries int
}

// Requirement is one line of a requirements file, PEP 508 or a path.
type Requirement struct {
	// Name is the normalised project name (PEP 503); "" for a local path that does
	// not tell the name.
	Name string
	// Text is the requirement without options and comment, as written:
	// "scikit-learn==1.5.0 ; python_version >= '3.9'". For a local file it is the
	// path relative to the model's directory (or to the root, for
	// ParseRequirements), with its extras and marker.
	Text string
	// Extras are the names in brackets, as written; Specifier is the version
	// specifier ("==1.5.0"; for a wheel, its version), Marker the environment
	// marker; each may be empty.
	Extras            []string
	Specifier, Marker string
	// Path is set for a local file ("wheels/foo-1.0-py3-none-any.whl") or a local
	// project's directory, relative to the root of the file system.
	Path string
	// VCS is the URL of "name @ git+https://…" without its #egg=.
	VCS string
	// URL is set for a file to download: "name @ https://…/foo.whl".
	URL string
	// Hashes are the values of --hash options: "sha256:…".
	Hashes []string
	// File and Line are the position; File is relative to the root of the file
	// system. For an item of a Deployfile, File is "" and Line its number, from 1.
	File string
	Line int
}

// Warning is something that the user should know but that does not stop the
// build.
type Warning struct {
	// File is relative to the root of the file system; Line is 0 if the warning is
	// about no line.
	File    string
	Line    int
	Message string
}
