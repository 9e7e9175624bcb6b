// Package modelsource holds tests only: models of real MLflow servers, found and
// downloaded as MLflow's own client does, and built. A server is started from the
// environment of the tests, with SQLite, and with artifacts in a directory or in a store
// of S3's protocol; models are logged by MLflow itself. A proxy of the tests stands in
// front of a server where a certificate, a credential or a fault is wanted. Archives are
// served by the tests, and so is the API of a hub, as its documentation says.
// Repositories are served by git's own backend, with a server of Git LFS beside it.
package modelsource
