package kubernetes

import "strings"

// removedLog reports whether a text takes the place of the log of a run that the
// kubelet has removed, which it does with all but the newest. It is no error to the
// API server (GetContainerLogs of Kubernetes' pkg/kubelet/kuberuntime).
func removedLog(text string) bool {
	return strings.HasPrefix(text, "unable to retrieve container logs for ") && !strings.Contains(text, "\n")
}
