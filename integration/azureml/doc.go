// Package azureml deploys with the command line to a double of Azure that starts real
// containers, as Azure Machine Learning starts them, and reads back what was made with
// Azure's own client.
//
// The tests have the build tag clouds besides, and run with `make clouds`: they take many
// minutes. Each call that the kind makes, with each fault, is tried by publish/azureml without an
// image.
package azureml
