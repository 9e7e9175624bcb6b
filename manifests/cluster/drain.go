package cluster

import (
	_ "embed" // for the program
	"path"
	"strconv"

	"github.com/deployfile/deployfile/imagespec"
	"github.com/deployfile/deployfile/manifests"
	corev1 "k8s.io/api/core/v1"
)

//go:embed drain.py
var drainProgram string

const (
	// readinessPeriod is the interval in seconds of the readiness probe, which goes
	// on while a pod stops.
	readinessPeriod = 5
	// drainSeconds is how long nobody but the kubelet must have connected to a pod
	// before its server is stopped.
	drainSeconds = 8
	// drainLimit bounds that wait, in seconds: a client of the pod's own address may
	// connect for ever.
	drainLimit = 60
	// endSeconds remain for the requests in flight.
	endSeconds = 30
	// GracePeriod is how long a pod that is told to stop may take, in seconds.
	GracePeriod = drainLimit + endSeconds
)

// drain returns the hook that keeps the server of a stopping pod running as long as
// requests arrive. A pod leaves the endpoints of its Service and gets its signal at
// the same time; every proxy of the cluster follows asynchronously, a busy one much
// later, and no Kubernetes object reports when. The pod itself sees it: connections
// stop.
//
// The hook is a program in the image's Python, and a hook whose program is missing
// stops the server at once. If the lock of an image with its model is unknown,
// deployfile may not have built the image, and the hook is a sleep that is long enough
// for most proxies.
func drain(r manifests.Release) *corev1.LifecycleHandler {
	// An image without its model is an environment, which starts this very Python.
	if r.LockDigest == "" && r.ModelImage == "" {
		return &corev1.LifecycleHandler{Sleep: &corev1.SleepAction{Seconds: drainSeconds}}
	}
	return &corev1.LifecycleHandler{Exec: &corev1.ExecAction{Command: []string{
		path.Join(imagespec.VirtualEnv, "bin", "python"), "-I", "-S", "-c", drainProgram,
		strconv.Itoa(drainSeconds), strconv.Itoa((drainSeconds + readinessPeriod - 1) / readinessPeriod), strconv.Itoa(drainLimit),
	}}}
}
