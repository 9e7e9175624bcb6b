// Package modelpack packs an MLflow Model as an artifact of the CNCF's ModelPack format,
// pushes and pulls it, and reads artifacts that KitOps, modctl or Docker's model runner
// wrote.
//
// Each large file is a blob of its own, as a tar archive without compression that is bit
// for bit the layer that an image has for the file (package layering says which). So an
// image mounts the blob where it is, and nothing of the weights moves. Raw blobs, which
// some readers want, cannot be layers of an image.
//
// https://github.com/modelpack/model-spec/blob/main/docs/spec.md
package modelpack

import (
	"encoding/json"
	"time"

	"github.com/deployfile/deployfile/imagespec"
)

// The types of ModelPack.
const (
	ArtifactType = "application/vnd.cncf.model.manifest.v1+json"
	ConfigType   = "application/vnd.cncf.model.config.v1+json"

	weightTar  = "application/vnd.cncf.model.weight.v1.tar"
	weightRaw  = "application/vnd.cncf.model.weight.v1.raw"
	configTar  = "application/vnd.cncf.model.weight.config.v1.tar"
	pathKey    = "org.cncf.model.filepath"
	detailsKey = "org.cncf.model.file.metadata+json"
)

const (
	// FilesKey is a layer's annotation with its large files, as JSON of []File. The
	// digest of a tar layer says nothing of the file in it.
	FilesKey = imagespec.LabelPrefix + "model.files"
	// RootKey is a manifest's annotation with the directory of the tar layers that
	// is the model.
	RootKey = imagespec.LabelPrefix + "model.root"
)

// File is a file of a model, or a symbolic link within it.
type File struct {
	// Path is relative to the model, Size in bytes.
	Path string `json:"path"`
	Size int64  `json:"size"`
	// SHA256 is in hexadecimal, "" if it is not known without reading the file.
	SHA256 string `json:"sha256,omitempty"`
	// Executable is the file's executable bit.
	Executable bool `json:"executable,omitempty"`
	// Link is a link's target.
	Link string `json:"link,omitempty"`

	identity string // changes whenever the file does
}

// details are the value of detailsKey.
type details struct {
	Name     string    `json:"name"`
	Mode     uint32    `json:"mode"`
	UID      uint32    `json:"uid"`
	GID      uint32    `json:"gid"`
	Size     int64     `json:"size"`
	ModTime  time.Time `json:"mtime"`
	TypeFlag byte      `json:"typeflag"`
}

// config is the artifact's configuration.
type config struct {
	Descriptor descriptor      `json:"descriptor"`
	FS         modelFS         `json:"modelfs"`
	Config     json.RawMessage `json:"config"`
}

type descriptor struct {
	CreatedAt string `json:"createdAt,omitempty"`
	Name      string `json:"name,omitempty"`
	Version   string `json:"version,omitempty"`
}

type modelFS struct {
	Type    string   `json:"type"`
	DiffIDs []string `json:"diffIds"`
}
