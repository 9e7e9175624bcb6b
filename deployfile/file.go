// Package deployfile is the Deployfile itself: its Go types, the strict TOML
// decoder that knows the line of every key, the validation of values, and the
// JSON Schema that editors complete it with. It reads text and returns data;
// it opens no file and knows no other package of this module.
//
// Promise: a Deployfile that one version accepts, every later version of the same
// major version accepts with the same meaning. Ids of rules stay; messages and hints
// are for people and may change.
package deployfile

import "slices"

// DefaultName is the file name that every command looks for.
const DefaultName = "Deployfile"

// File is a decoded and validated Deployfile, with the documented defaults
// filled in wherever they do not depend on the model.
type File struct {
	// Args are the arguments that --build-arg may set, with their defaults.
	// Strings elsewhere refer to them as ${NAME}; $${NAME} is the text
	// ${NAME}.
	Args        map[string]string `toml:"args" keys:"argument"`
	Model       Model             `toml:"model" required:"-"`
	Environment Environment       `toml:"environment"`
	Server      Server            `toml:"server"`
	Image       Image             `toml:"image"`
	// Targets are where the image is deployed to, by their names.
	Targets map[string]Target `toml:"targets" keys:"target-name"`

	index *index
}

// Model says which MLflow Model is packaged.
type Model struct {
	// Name is the model's name, used in labels and default tags:
	// lower-case letters, digits, '.', '_' and '-'. The default is the last
	// part of Source.
	Name string `toml:"name" format:"model-name"`
	// Version is the version that the image's labels carry, free text.
	Version string `toml:"version"`
	// Source is the MLflow Model's directory, relative to the Deployfile, with
	// forward slashes, or what names it in a store: "models:/iris@champion". It is
	// required.
	Source string `toml:"source" format:"source" required:"-"`
	// TrackingURI is the address of the MLflow server that Source names a model of;
	// the default is the variable MLFLOW_TRACKING_URI of whoever locks and builds.
	TrackingURI string `toml:"tracking-uri" format:"server-url"`
}

// Environment says what the model runs in. What is left out comes from the
// model's own metadata.
type Environment struct {
	// Python is the minor version, "3.11"; the default is the model's.
	Python string `toml:"python" format:"python"`
	// Base is the image that the model is put on; the default is
	// python:<minor>-slim. The lock pins its digest.
	Base string `toml:"base" format:"image"`
	// Toolchain is the image whose Python and uv install the wheels. It never
	// becomes part of the image. The default is Base.
	Toolchain string `toml:"toolchain" format:"image"`
	// MLflow is "skinny" (the default: mlflow-skinny plus pandas in place of
	// mlflow) or "full".
	MLflow string `toml:"mlflow" enum:"skinny full" default:"skinny"`
	// Requirements are added to the model's own: requirements.txt files,
	// relative to the Deployfile, and requirements such as "scipy>=1.11".
	Requirements []string `toml:"requirements" format:"requirement"`
	// Constraints are constraints files (pip's -c), relative to the
	// Deployfile.
	Constraints []string `toml:"constraints" format:"path"`
	// Override are requirements that replace every other requirement of the
	// same package, whoever has it: "numpy==1.26.4".
	Override []string `toml:"override" format:"override" unique:"true"`
	// Without are names of Python packages that are not installed, whoever
	// requires them. A line of the model's requirements that names no package
	// is left out by its text: "-e .".
	Without []string `toml:"without" format:"left-out" unique:"true"`
	// SystemPackages are Debian packages, "name" or "name=version".
	SystemPackages []string `toml:"system-packages" format:"system-package"`
	// BuildPackages are Debian packages for the steps that build wheels from source,
	// "name" or "name=version". They are no part of the image.
	BuildPackages []string `toml:"build-packages" format:"system-package"`
	// ImpliedPackages adds the Debian packages that the model implies: what its
	// flavors need beside Python, such as libgomp1 for lightgbm. True by default.
	ImpliedPackages bool `toml:"implied-packages" default:"true"`
	// Code are directories whose contents are put on PYTHONPATH, relative to the
	// Deployfile.
	Code []string `toml:"code" format:"path"`
	// Env are environment variables of the running server.
	Env map[string]string `toml:"env" keys:"env-name"`
	// Indexes are package indexes beside or instead of the default one, in
	// order of priority.
	Indexes []Index `toml:"indexes"`
	// CA is the id of a build secret that holds a PEM bundle of extra
	// certificate authorities for every fetch that runs inside a step. The
	// default is "ca"; a secret that is not given is not mounted.
	CA string `toml:"ca" format:"secret" default:"ca"`
}

// Index is a Python package index (PEP 503 or 691).
type Index struct {
	// Name is how messages and the lock refer to it.
	Name string `toml:"name" format:"index-name" required:"-"`
	// URL is the simple index, without credentials.
	URL string `toml:"url" format:"index-url" required:"-"`
	// Secret is the id of the build secret that holds "user:password" or a
	// bare token, never the value itself.
	Secret string `toml:"secret" format:"secret"`
	// Default makes this index take the place of the built-in one.
	Default bool `toml:"default" default:"false"`
	// Packages are the only names looked up in this index, and looked up
	// nowhere else.
	Packages []string `toml:"packages" format:"python-package"`
}

// Server says what answers requests.
type Server struct {
	// Kind is "mlflow" (the default) or "command".
	Kind string `toml:"kind" enum:"mlflow command" default:"mlflow"`
	// Port is the TCP port, 1 to 65535, 8080 by default.
	Port int `toml:"port" min:"1" max:"65535" default:"8080"`
	// Workers is the number of server processes, 1 by default.
	Workers int `toml:"workers" min:"1" default:"1"`
	// Command is the start command of kind "command".
	Command []string `toml:"command"`
	// ModelConfig overrides the configuration that the model was logged with
	// (MLflow's model_config). The server reads it from SERVING_MODEL_CONFIG.
	ModelConfig ModelConfig `toml:"model-config"`
	// MaxConcurrency is how many requests are scored at a time; any further one is
	// answered with 503 and Retry-After. The default is any number.
	MaxConcurrency int `toml:"max-concurrency" min:"1"`
	// MaxBody is the most that the body of a request may have, such as "10MB"; a longer
	// one is answered with 413. The default is any size.
	MaxBody string `toml:"max-body" format:"size"`
	// DrainSeconds is how long the server goes on after SIGTERM, while its health checks
	// fail; then it ends with its last request. The default is to take no new requests at
	// once.
	DrainSeconds int `toml:"drain-seconds" min:"1" max:"3600"`
	// Metrics has GET /metrics answer in Prometheus' text format. They are those of one
	// process.
	Metrics bool `toml:"metrics" default:"false"`
	// Log is "text" (the default: uvicorn's and MLflow's own lines) or "json": one object
	// a line, with an id for each request.
	Log string `toml:"log" enum:"text json" default:"text"`
	// Protocols are what the server speaks: "mlflow" (the default, and always one of them),
	// and "v2", the Open Inference Protocol, below /v2.
	Protocols []string `toml:"protocols" enum:"mlflow v2" unique:"-"`
	// Docs says what /docs and /openapi.json have: "mlflow" (the default: FastAPI's own, whose
	// page fetches its programs from elsewhere), "model" (the model's signature, its saved
	// input, and a page that works offline) or "off".
	Docs string `toml:"docs" enum:"mlflow model off" default:"mlflow"`
	// Verify is "build" (the default: each build starts the image and posts
	// the model's saved input to it) or "never", for a model that the builder
	// cannot run, such as one that needs a GPU.
	Verify string `toml:"verify" enum:"build never" default:"build"`
}

// Besides returns the protocols that the server speaks besides MLflow's.
func (s Server) Besides() []string {
	if slices.Contains(s.Protocols, "v2") {
		return []string{"v2"}
	}
	return nil
}

// Image says how the image is named and labelled.
type Image struct {
	// Tags are image references that build --push pushes to.
	Tags []string `toml:"tags" format:"tagged"`
	// Platforms are os/arch[/variant]; linux/amd64 and linux/arm64 are
	// supported. The default is the builder's own.
	Platforms []string `toml:"platforms" enum:"linux/amd64 linux/arm64" format:"platform" unique:"-"`
	// Labels are added to those that the build sets by itself.
	Labels map[string]string `toml:"labels" keys:"label"`
	// User is the numeric "uid:gid" that the image runs as, 65532:65532 by
	// default.
	User string `toml:"user" format:"user" default:"65532:65532"`
	// Compression is that of the layers in a registry or an archive: "gzip" (the default),
	// which everything pulls, or "zstd", which is several times faster to build and smaller,
	// and which containerd 1.5, Docker 23 and later pull.
	Compression string `toml:"compression" enum:"gzip zstd" default:"gzip"`
	// MaxSize is the most that may be pulled of the image besides its base, such as
	// "2GB"; "" for any.
	MaxSize string `toml:"max-size" format:"size"`
}
