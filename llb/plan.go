// Package llb turns a Deployfile, its model and its lock into a Plan, and a
// Plan into BuildKit's LLB and an image config. It is pure: no network, no
// clock, no environment, and the same plan gives the same bytes.
//
// Promise: the same lock, model and Deployfile give the same image digest with the
// same version of this package. A change that moves digests is in the changelog. The
// JSON of a Plan gains members, and loses or renames none within a major version.
package llb

import (
	"github.com/deployfile/deployfile/resolver"
	"github.com/deployfile/deployfile/toolchain"
)

// wheelDir is where a step that installs has its wheels.
const wheelDir = "/run/wheels"

// Plan is all that an image of one platform is made of. It is plain data:
// deployfile plan prints it as JSON.
type Plan struct {
	// Platform is os/arch.
	Platform string `json:"platform"`
	// Base is the image below, Toolchain the one that installs the wheels.
	Base      resolver.Image `json:"base"`
	Toolchain resolver.Image `json:"toolchain"`
	// UV is the wheel of uv that installs.
	UV toolchain.Download `json:"uv"`
	// SystemPackages are Debian packages in the order of their names.
	SystemPackages []resolver.SystemPackage `json:"system-packages,omitempty"`
	// Implied says which of the packages are there because the model implies them.
	Implied []Implied `json:"implied-packages,omitempty"`
	// Layers are the Python packages, in the order of the image's layers.
	Layers []WheelLayer `json:"layers"`
	// Conflicts are files that several packages bring with other contents,
	// Startup files that Python reads at every start.
	Conflicts []Conflict              `json:"conflicts,omitempty"`
	Startup   []resolver.StartupFiles `json:"startup,omitempty"`
	// Code are directories of the context whose contents go to imagespec.CodeDir.
	Code []string `json:"code,omitempty"`
	// Model are the model's files.
	Model ModelPlan `json:"model"`
	// Server is what answers requests.
	Server ServerPlan `json:"server"`
	// Config is the image's configuration.
	Config ConfigPlan `json:"config"`
}

// Implied is a Debian package that the model implies, and why: "the lightgbm flavor
// needs it".
type Implied struct {
	Name   string `json:"name"`
	Reason string `json:"reason"`
}

// WheelLayer is a layer of installed wheels.
type WheelLayer struct {
	// Name is the package's, or bucket-NN.
	Name   string  `json:"name"`
	Wheels []Wheel `json:"wheels"`
}

// Wheel is a wheel and where it comes from: its URL, a file of the context,
// or a build from source.
type Wheel struct {
	Name    string `json:"name"`
	Version string `json:"version"`
	toolchain.Download
	// Path is set for a file of the build context.
	Path string `json:"path,omitempty"`
	// Source and Built are set for a wheel that is built.
	Source *resolver.Source     `json:"source,omitempty"`
	Built  *resolver.BuiltWheel `json:"-"`
	// Direct reports whether the URL was required, and that no index need have the wheel.
	Direct bool `json:"-"`
}

// Conflict are files that packages bring with other contents, and whose are in
// the image.
type Conflict struct {
	resolver.FileConflict
	// Winner is the package whose files are in the image: the one in the last
	// layer, and within a layer the last by name. It is "" where the image's
	// start command takes their place.
	Winner string `json:"winner,omitempty"`
}

// ModelPlan is the model in the image, and where it comes from.
type ModelPlan struct {
	// Dir is [model] source: a directory of the context, or a URI.
	Dir string `json:"dir"`
	// Large are the files with a layer of their own, relative to the model.
	Large []string `json:"large,omitempty"`
	// Shared are the large files of a model with very many of them, those of a layer
	// together.
	Shared [][]string `json:"shared,omitempty"`
	// Files are all files.
	Files []resolver.ModelFile `json:"files"`
	// Links are further names of files, relative to the model.
	Links []ModelLink `json:"links,omitempty"`
	// ServingInput is the saved request that the verify step posts, relative
	// to the model; "" if the model has none.
	ServingInput string `json:"serving-input,omitempty"`
}

// LargeLayers are the files of each layer but that of the small ones.
func (m ModelPlan) LargeLayers() [][]string {
	var out [][]string
	for _, f := range m.Large {
		out = append(out, []string{f})
	}
	return append(out, m.Shared...)
}

// ModelLink is a symbolic link. Name is relative to the model, Target to the
// directory of the link.
type ModelLink struct {
	Name   string `json:"name"`
	Target string `json:"target"`
}

// ServerPlan is the start command.
type ServerPlan struct {
	Kind    string   `json:"kind"`
	Port    int      `json:"port"`
	Workers int      `json:"workers"`
	Command []string `json:"command,omitempty"`
	// MaxConcurrency, MaxBody in bytes and DrainSeconds are those of the Deployfile; 0 is
	// no limit.
	MaxConcurrency int   `json:"max-concurrency,omitempty"`
	MaxBody        int64 `json:"max-body,omitempty"`
	DrainSeconds   int   `json:"drain-seconds,omitempty"`
	// Metrics has /metrics answer. Model is what it, Protocols and Docs call the model. Log is "json", or "" for text.
	Metrics bool        `json:"metrics,omitempty"`
	Model   *NamedModel `json:"model,omitempty"`
	Log     string      `json:"log,omitempty"`
	// Protocols are what the server speaks besides MLflow's own: "v2".
	Protocols []string `json:"protocols,omitempty"`
	// Docs has /docs and /openapi.json of the "model", or "off"; "" leaves MLflow's.
	Docs string `json:"docs,omitempty"`
	// Untracked gives a model that asks for a tracking store one that keeps nothing,
	// unless its environment names another.
	Untracked bool `json:"untracked,omitempty"`
}

// NamedModel is what the server calls the model.
type NamedModel struct {
	Name    string `json:"name"`
	Version string `json:"version"`
}

// ConfigPlan is the image config apart from its layers.
type ConfigPlan struct {
	// Env is in the order of the names.
	Env []string `json:"env"`
	// Entrypoint is started with the command, if there is one.
	Entrypoint []string `json:"entrypoint,omitempty"`
	// Cmd is the default command, User "uid:gid", WorkingDir a directory.
	Cmd  []string `json:"cmd"`
	User string   `json:"user"`
	// UserName is what /etc/passwd calls the user, if something in the image fails
	// without a name; else the user has none.
	UserName   string            `json:"user-name,omitempty"`
	WorkingDir string            `json:"working-dir"`
	Labels     map[string]string `json:"labels"`
	// Created is in RFC 3339.
	Created string `json:"created"`
}
