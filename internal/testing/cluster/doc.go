// Package cluster runs real Kubernetes clusters for tests. Fast is the control
// plane on the loopback: the API server with its admission and RBAC, the
// controllers and the scheduler are Kubernetes' own, and only the kubelet is
// ours, so that a test says what becomes of its pods. Node is a whole cluster
// of one node in namespaces of its own, where containerd and runc run pods
// from images and kube-proxy routes to them. Both need the programs that
// `make kubernetes` puts into bin/ on PATH, and a node needs root.
package cluster
