// Package sagemaker deploys with the command line to a double of AWS that starts real
// containers, as SageMaker starts them, and reads back what was made with AWS's own client.
//
// The tests have the build tag clouds besides, and run with `make clouds`: they take many
// minutes. Each call that the kind makes, with each fault, is tried by publish/sagemaker without an
// image.
package sagemaker
