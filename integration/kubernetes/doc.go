// Package kubernetes tests deployments against the API server, the controllers
// and the scheduler of Kubernetes itself (package cluster); what becomes of
// pods is the tests' choice.
package kubernetes
