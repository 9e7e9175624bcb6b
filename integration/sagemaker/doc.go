// Package sagemaker deploys with the command line to a double of AWS that starts real
// containers, as SageMaker starts them, and reads back what was made with AWS's own client.
package sagemaker
