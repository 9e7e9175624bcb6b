package kubernetes

import "strings"

// removedLog reports whether a text is the kubelet's answer for the log of a run that
// it has removed, as it does with all but the newest. To the API server that is no
// error (GetContainerLogs in Kubernetes' pkg/kubelet/kuberuntime).
func removedLog(text string) bool {
	return strings.HasPrefix(text, "unable to retrieve container logs for ") && !strings.Contains(text, "\n")
}
