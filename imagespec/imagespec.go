// Package imagespec has the names by which others find their way in what
// deployfile makes: the directories of a built image and the labels of images,
// containers and Kubernetes objects. It imports nothing, so that any package and
// any program can use it.
//
// Promise: no name changes within a major version, since images and clusters have
// them.
package imagespec

// The directories of an image. The model is outside of /opt/ml, which SageMaker
// mounts over.
const (
	// VirtualEnv is the image's Python environment.
	VirtualEnv = "/opt/venv"
	// ModelDir has the model's files.
	ModelDir = "/opt/model"
	// ModelHubDir has the files of repositories on a hub that the model refers to, as
	// the hub's own client keeps them (HF_HUB_CACHE). Most models have none.
	ModelHubDir = ModelDir + "/deployfile-hub"
	// CodeDir has the project's own code and is in PYTHONPATH.
	CodeDir = "/opt/code"
	// ModelDataDir has the model's files if SageMaker takes them from S3.
	ModelDataDir = "/opt/ml/model"
	// ModelcarDir has the model's files in an image that KServe takes by a
	// storageUri oci://, which looks for them there.
	ModelcarDir = "/models"
)

// ModelDataVariable has the SHA-256 of a line "SHA256  PATH" for each file in ModelDataDir,
// in the order of the paths, in hexadecimal. A server without the model starts only if it is
// right.
const ModelDataVariable = "DEPLOYFILE_MODEL_SHA256"

// One domain is in front of every key of the project, deployfile.github.io, in
// the two notations that those who define the keys ask for.
const (
	project = "deployfile"
	// LabelPrefix is for labels and annotations of images and labels of
	// containers, where Docker and OCI ask for the domain in reverse:
	// https://docs.docker.com/engine/manage-resources/labels/#key-format-recommendations
	// https://github.com/opencontainers/image-spec/blob/v1.1.1/annotations.md#rules
	LabelPrefix = "io.github." + project + "."
	// KubernetesPrefix is for labels and annotations of Kubernetes objects, where
	// a prefix has to be a DNS subdomain followed by a slash:
	// https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/#syntax-and-character-set
	KubernetesPrefix = project + ".github.io/"
)

// The labels of a built image beside those of the OCI image specification. A
// label without a value is left out.
const (
	LabelModelName = LabelPrefix + "model.name"
	// LabelModelFlavors are MLflow's flavors, separated by commas.
	LabelModelFlavors = LabelPrefix + "model.flavors"
	LabelModelID      = LabelPrefix + "model.id"
	LabelModelRunID   = LabelPrefix + "model.run-id"
	// LabelModelRegisteredName and LabelModelRegisteredVersion are those of the
	// registry that the model was fetched from, if MLflow wrote them beside it.
	LabelModelRegisteredName    = LabelPrefix + "model.registered-name"
	LabelModelRegisteredVersion = LabelPrefix + "model.registered-version"
	// Annotations of the manifest have what a lock says of where the model came from:
	// the labels above of its registry and its run, [model] source, the name of the same
	// model that means the same forever, the alias that was asked for, the experiment of
	// the run and the commit of the code that logged it.
	LabelModelSource     = LabelPrefix + "model.source"
	LabelModelResolved   = LabelPrefix + "model.resolved"
	LabelModelAlias      = LabelPrefix + "model.alias"
	LabelModelExperiment = LabelPrefix + "model.experiment"
	LabelModelCommit     = LabelPrefix + "model.commit"
	// LabelModelMLflow is the version of MLflow that wrote the model.
	LabelModelMLflow = LabelPrefix + "model.mlflow"
	// LabelModelSignature is the model's signature as MLflow's JSON.
	LabelModelSignature = LabelPrefix + "model.signature"
	// LabelServerPort is the port at which the server listens.
	LabelServerPort = LabelPrefix + "server.port"
)

// RecordType is the type of the artifact by which a registry keeps a revision of an
// endpoint, and of its one blob, which is record/v1 JSON.
const RecordType = "application/vnd.deployfile.revision.v1+json"
