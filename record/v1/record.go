package v1

import (
	"encoding/json"
	"time"
)

// Version is the value of a record's member "version".
const Version = 1

// Record is one revision of an endpoint.
type Record struct {
	// Version is Version.
	Version int `json:"version"`
	// Kind is the kind of the target, such as "kubernetes".
	Kind string `json:"kind"`
	// Endpoint names the deployment at the target.
	Endpoint string `json:"endpoint"`
	// Number counts the endpoint's revisions from 1.
	Number int `json:"number"`
	// By is who deployed it, user@host.
	By string `json:"by"`
	// At is when, in UTC, to the second.
	At time.Time `json:"at"`
	// Live answers requests.
	Live Slot `json:"live"`
	// Next is the release of a canary or blue-green deployment that waits to
	// be promoted, nil if there is none.
	Next *Slot `json:"next,omitempty"`
	// Documents are what the state was rendered to, in the order in which they
	// were applied.
	Documents []Document `json:"documents,omitempty"`
	// Compressed is the JSON of Documents, compressed by gzip, in place of
	// Documents where they are large. Decode restores Documents.
	Compressed []byte `json:"documents-gzip,omitempty"`

	// size is the length of the decoded JSON in bytes.
	size int
}

// Size returns the length in bytes of the JSON that Decode read, decompressed;
// 0 for a record that was not decoded.
func (r *Record) Size() int { return r.size }

// Slot is a release and the track it runs on.
type Slot struct {
	// Track tells the slots of an endpoint apart: "", "canary", "blue" or
	// "green".
	Track string `json:"track,omitempty"`
	// Model is the model's name, ModelVersion its version, "" if it has none.
	Model        string `json:"model"`
	ModelVersion string `json:"model-version,omitempty"`
	// Image is what runs: REPOSITORY@sha256:…, or sha256:… for an image that
	// an engine was handed.
	Image string `json:"image"`
	// ModelImage is the artifact that holds the model alone,
	// REPOSITORY@sha256:…, "" if the model is part of Image.
	ModelImage string `json:"model-image,omitempty"`
	// WorkingDir is where the server starts, "" for the model's directory. It counts
	// only beside ModelImage.
	WorkingDir string `json:"working-dir,omitempty"`
	// Port is where the server listens in the container.
	Port int `json:"port"`
	// User is the uid[:gid] that the server runs as.
	User string `json:"user,omitempty"`
	// Protocols are those that the server speaks besides MLflow's: "v2".
	Protocols []string `json:"protocols,omitempty"`
	// Lock and File are the digests of Deployfile.lock and Deployfile,
	// sha256:…, "" if they are unknown.
	Lock string `json:"lock,omitempty"`
	File string `json:"file,omitempty"`
	// Target is the table [targets.NAME] with its defaults filled in.
	Target Target `json:"target"`
}

// Target is what the Deployfile said of the target.
type Target struct {
	// Name is NAME of [targets.NAME].
	Name string `json:"name"`
	// Spec are the keys of the table but for "kind" and "endpoint", as a JSON
	// object with the names that they have in a Deployfile. A key that is missing
	// had no value: reading a record fills in no default.
	Spec json.RawMessage `json:"spec"`
}

// Document is one file that the target was given.
type Document struct {
	// Name is the file's name, such as "deployment.yaml".
	Name string `json:"name"`
	// Body is its content, UTF-8.
	Body string `json:"body"`
}
