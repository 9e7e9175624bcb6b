// Package deploy tests the whole way of a model, from its folder to an endpoint
// that answers, with the command line as a user has it: a real builder and
// registry, and a node of Kubernetes that runs what it is given.
package deploy
