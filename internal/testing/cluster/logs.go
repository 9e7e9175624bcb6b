//go:build linux

package cluster

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"
)

// logHandler serves what the API server asks a kubelet for when it is asked
// for a pod's log. The log of a pod that crashes ends in an error, other pods'
// say that they listen.
func (k *kubelet) logHandler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /containerLogs/{namespace}/{pod}/{container}", func(w http.ResponseWriter, r *http.Request) {
		o, exists, err := k.pods.GetStore().GetByKey(r.PathValue("namespace") + "/" + r.PathValue("pod"))
		if err != nil || !exists {
			http.Error(w, "there is no such pod", http.StatusNotFound)
			return
		}
		k.mutex.Lock()
		fate := k.reported[o.(*corev1.Pod).UID]
		k.mutex.Unlock()
		query := r.URL.Query()
		if fate == PullError || fate == "" {
			http.Error(w, fmt.Sprintf("container %q in pod %q is waiting to start", r.PathValue("container"), r.PathValue("pod")), http.StatusBadRequest)
			return
		}
		if query.Get("previous") == "true" && fate != Crash {
			http.Error(w, fmt.Sprintf("previous terminated container %q in pod %q not found", r.PathValue("container"), r.PathValue("pod")), http.StatusBadRequest)
			return
		}
		lines := []string{fmt.Sprintf("pod %s: container %s starts", r.PathValue("pod"), r.PathValue("container"))}
		if fate == Crash || fate == Fail {
			lines = append(lines, "Traceback (most recent call last):", "ModuleNotFoundError: No module named 'sklearn'")
		} else {
			lines = append(lines, "listens on port 8080")
		}
		if n, err := strconv.Atoi(query.Get("tailLines")); err == nil && n < len(lines) {
			lines = lines[len(lines)-n:]
		}
		_, _ = fmt.Fprint(w, strings.Join(lines, "\n")+"\n")
		if query.Get("follow") == "true" {
			_ = http.NewResponseController(w).Flush()
			<-r.Context().Done()
		}
	})
	return mux
}
