// Package azureml deploys with the command line to a double of Azure that starts real
// containers, as Azure Machine Learning starts them, and reads back what was made with
// Azure's own client.
package azureml
