package deployfile

import (
	"fmt"
	"slices"
)

// Kind is a kind of target: which keys its table has, and what it needs of the
// build. Package kinds (manifests/kinds) has the list of all of them, which
// Parse and Schema are given.
type Kind struct {
	// Name is the value of the key "kind".
	Name string
	// Summary describes in a few words what deploying to such a target creates.
	Summary string
	// New returns the kind's own keys, all of them zero.
	New func() Spec
	// Sources are the Go source files of the structs that New returns and
	// embeds. Their doc comments are the descriptions in the JSON Schema.
	Sources []string
	// Formats are the formats that the structs name by their tags, besides
	// those of this package.
	Formats map[string]Format
	// Image is the form in which the target takes the image.
	Image ImageNeed
	// Verbs are the verbs that the kind has besides those of every kind.
	Verbs []Verb
}

// ImageNeed is the form in which a target takes the image.
type ImageNeed struct {
	// Store is the target's own image store, which the image is loaded into; StoreNone
	// pulls it from a registry.
	Store Store
	// Formats are the values that the key "format" may have, the default first.
	Formats []string
}

// Store is an image store that a target has of its own.
type Store string

// The image stores. They differ in how they name an image that has no name:
// Docker's engine by the digest of its configuration or of its manifest,
// containerd by that of its manifest.
const (
	StoreNone       Store = ""
	StoreDocker     Store = "docker"
	StoreContainerd Store = "containerd"
)

// Verb is a verb of the command line that not every kind has.
type Verb string

// The verbs that only some kinds have. All have deploy, render, diff, status,
// list, rollback and delete.
const (
	VerbPredict Verb = "predict --target"
	VerbTrack   Verb = "predict --track"
	VerbOpen    Verb = "open"
	VerbLogs    Verb = "logs"
	VerbBatch   Verb = "predict --batch"
	VerbPromote Verb = "promote"
)

// The forms of an image in a registry, the values of the key "format".
const (
	// FormatOCI is an OCI index, with attestations if there are some.
	FormatOCI = "oci"
	// FormatDocker has Docker's media types and no attestations.
	FormatDocker = "docker"
	// FormatDockerManifest is FormatDocker without an index, for one platform.
	FormatDockerManifest = "docker-manifest"
)

// The values of the key "compression".
const (
	CompressionGzip = "gzip"
	CompressionZstd = "zstd"
)

// Formats returns all forms of an image, for a kind that takes any of them.
func Formats() []string { return []string{FormatOCI, FormatDocker, FormatDockerManifest} }

// Spec has the keys of one kind: it is a pointer to a struct whose fields with
// a tag "toml" are keys. Structs that it embeds share keys with other kinds.
// Further tags say what the value of a key may be, for the validation, the
// defaults and the JSON Schema alike:
//
//	default:"1"        the value where the text has none
//	enum:"a b"         a string, or each of a list, is one of these
//	format:"NAME"      a string, or each of a list or map, has that Format
//	keys:"NAME"        the keys of a map have that Format
//	min:"1" max:"9"    bounds of an integer
//	unique:"true"      a list has nothing twice
//	empty:"true"       "" is as if the key were left out
//	required:"why"     the table must have the key; "-" if a Check reports that
//	example:"a = 1"    what a required key may look like; NAME is the target's name
//
// Parse fills in the defaults and then calls Check: Check.Has tells what was
// written.
type Spec interface {
	// Kind returns the kind that the keys are of.
	Kind() Kind
	// Check reports what is wrong with keys beside each other. Each value by
	// itself has been checked by its tags.
	Check(*Check)
	// Place returns where the target has its endpoint.
	Place(Target) Place
}

// Completer is a Spec with a default that depends on other keys.
type Completer interface {
	// Complete removes the defaults that have no meaning beside other keys.
	Complete()
}

// ModelApart is a Spec with keys that leave the model out of the image.
type ModelApart interface {
	// ModelApart returns the key that does, ModelVolume, Modelcar or ModelData, or "".
	ModelApart() string
}

// ModelStore is a ModelApart whose key ModelData names a store for the model's files.
type ModelStore interface {
	// ModelData returns where the files of a model are for an endpoint. The digest is that
	// of the files.
	ModelData(endpoint, digest string) string
}

// The keys that leave the model out of the image.
const (
	// ModelVolume mounts the model's own OCI artifact as a volume.
	ModelVolume = "model-volume"
	// ModelData has SageMaker bring the model's files from S3.
	ModelData = "model-data"
	// Modelcar has KServe bring the model from an OCI image of its own.
	Modelcar = "modelcar"
)

// Place is the namespace of endpoints: two targets with the same place and endpoint
// would replace each other.
type Place struct {
	// System is the kind, or what several kinds have in common.
	System string
	// Parts are the keys that distinguish places of one system.
	Parts []PlacePart
}

// PlacePart is one key of a Place.
type PlacePart struct {
	// Key is the key in the Deployfile, Called the name of what it holds: "namespace".
	Key, Called string
	// Value is the key's value, "" for the target's own default.
	Value string
}

// Can reports whether the kind has a verb that not every kind has.
func (k Kind) Can(v Verb) bool { return slices.Contains(k.Verbs, v) }

// findKind returns the kind of that name.
func findKind(kinds []Kind, name string) (Kind, bool) {
	i := slices.IndexFunc(kinds, func(k Kind) bool { return k.Name == name })
	if i < 0 {
		return Kind{}, false
	}
	return kinds[i], true
}

// kindNames lists the kinds in their order.
func kindNames(kinds []Kind) []string {
	names := make([]string, len(kinds))
	for i, k := range kinds {
		names[i] = k.Name
	}
	return names
}

// Of returns the keys of a target as those of its kind. The error is for a
// target of another kind.
func Of[S Spec](t Target) (S, error) {
	spec, ok := t.Spec.(S)
	if !ok {
		return spec, fmt.Errorf("kind %q has keys of type %T, not %T", t.Kind, t.Spec, spec)
	}
	return spec, nil
}
