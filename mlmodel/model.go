// Package mlmodel reads an MLflow Model as it is on disk: MLmodel, its
// environment files (python_env.yaml, conda.yaml, requirements.txt), its
// signature and its saved input example. It reads through an fs.FS, so that a
// folder, a BuildKit reference or a test's map serve alike, and it never
// opens the model's weights.
package mlmodel

import "encoding/json"

// Model is what an MLflow Model says of itself.
type Model struct {
	// MLflowVersion is the version that logged the model, "" before 1.14.
	MLflowVersion string
	// Created is when the model was logged, in UTC and RFC 3339; "" if the
	// model does not say.
	Created string
	// RunID and ModelID and UUID identify it in a tracking server; each may be "".
	RunID, ModelID, UUID string
	// Flavors are the names under "flavors:", sorted, python_function among them.
	Flavors []string
	// Loader is python_function's loader_module.
	Loader string
	// ModelPath is the flavour's data path relative to the model's folder
	// ("" if the flavour has none), CodePath the folder of extra code.
	ModelPath, CodePath string
	// Python is the full Python version that the model was logged with, "" if
	// unknown.
	Python string
	// Requirements are the Python requirements, in the order of their files,
	// -r files expanded, from the first of these that is there, which is the
	// order of MLflow's own virtualenv: python_env.yaml (which says
	// "-r requirements.txt"), requirements.txt, conda.yaml's pip section.
	Requirements []Requirement
	// BuildRequirements are what MLflow installs before those: pip, setuptools
	// and wheel, as python_env.yaml or conda.yaml pin them. A model may need
	// setuptools when it runs.
	BuildRequirements []Requirement
	// Constraints come from -c lines, wherever they stand.
	Constraints []Requirement
	// IndexURL is --index-url, ExtraIndexURLs each --extra-index-url, both
	// without credentials.
	IndexURL       string
	ExtraIndexURLs []string
	// Options are the other options that requirements files may set.
	Options Options
	// Signature is the "signature:" value as one compact JSON object with the
	// keys inputs, outputs and params, each the JSON that MLmodel holds as a
	// text; a key that is null there is left out; nil if the model has none.
	Signature json.RawMessage
	// ServingInput is the path of serving_input_example.json (or of the file
	// that MLmodel names) relative to the model's folder, "" if none;
	// InputExample likewise for input_example.json.
	ServingInput, InputExample string
	// InputExampleType is saved_input_example_info's type: dataframe, ndarray,
	// json_object, sparse_matrix_csc or sparse_matrix_csr; "" if none.
	InputExampleType string
	// EnvVars are the names of the environment variables that the model read
	// while it was logged (MLflow 3), in MLmodel's order.
	EnvVars []string
	// Pickled says that the flavour's data is a pickle (cloudpickle, joblib).
	Pickled bool
	// Metadata is the user's metadata: map as JSON; nil if none.
	Metadata json.RawMessage
	// Files are the files that all this was read from, in reading order,
	// relative to the root of the file system that was read.
	Files []string
}

// Options are the options of a requirements file that choose among what an
// index offers. They hold for all requirements, those of other files too.
type Options struct {
	// FindLinks are the --find-links places: URLs, or folders relative to the
	// root of the file system that was read.
	FindLinks []string
	// NoIndex is --no-index, Prerelease --pre, RequireHashes --require-hashes.
	NoIndex, Prerelease, RequireHashes bool
	// NoBinary and OnlyBinary are normalised project names, or ":all:" alone.
	NoBinary, OnlyBinary []string
}

// RequirementsFile is a requirements file with the files that it names by -r
// and -c.
type RequirementsFile struct {
	// Requirements and Constraints are in reading order.
	Requirements, Constraints []Requirement
	// IndexURL is the last --index-url, ExtraIndexURLs each --extra-index-url
	// once; none holds a credential.
	IndexURL       string
	ExtraIndexURLs []string
	Options        Options
	// Files are the files read, in reading order.
	Files []string
	// Size is that of the files, in bytes, Entries how many requirements, names and
	// other values of options they have.
	Size, Entries int
}

// Requirement is one line of a requirements file, PEP 508 or a path.
type Requirement struct {
	// Name is the normalised project name (PEP 503); "" for a local path whose
	// name cannot be told.
	Name string
	// Text is the requirement without options and comment, as written:
	// "scikit-learn==1.5.0 ; python_version >= '3.9'". For a local file it is
	// the path relative to the model's folder (or to the root, for
	// ParseRequirements), with extras and marker if it has any.
	Text string
	// Extras are the names in brackets, as written; Specifier is the version
	// specifier ("==1.5.0"; of a wheel, its version), Marker the environment marker; each may be empty.
	Extras            []string
	Specifier, Marker string
	// Path is set for a local file ("wheels/foo-1.0-py3-none-any.whl") or a
	// local project's folder, relative to the root of the file system that was
	// read.
	Path string
	// VCS is the URL of "name @ git+https://…", its #egg= taken off.
	VCS string
	// URL is set for a file that is downloaded: "name @ https://…/foo.whl".
	URL string
	// Hashes are the values of --hash options: "sha256:…".
	Hashes []string
	// File and Line say where it stands; File is relative to the root of the
	// file system that was read.
	File string
	Line int
}

// Warning is something that the user should know and that does not stop the
// build.
type Warning struct {
	// File is relative to the root of the file system that was read; Line is 0
	// where there is none.
	File    string
	Line    int
	Message string
}
