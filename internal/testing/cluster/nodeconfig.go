//go:build linux

package cluster

import (
	"fmt"
	"os"
	"path/filepath"
)

// The node's networks: bridge is its own address with the length of the pods'
// network.
const (
	address = "10.88.0.1"
	bridge  = address + "/16"
	podNet  = "10.88.0.0/16"
)

// containerdConfig: the first lines let it run without the right to lower the
// badness of processes, as in a container; the plugins need parts of the host
// that a node of tests has no use for.
const containerdConfig = `version = 3
root = %[1]q
state = %[2]q
oom_score = 0
disabled_plugins = ["io.containerd.internal.v1.opt", "io.containerd.nri.v1.nri"]
[grpc]
address = %[3]q
[plugins."io.containerd.cri.v1.images".pinned_images]
sandbox = %[4]q
[plugins."io.containerd.cri.v1.runtime"]
restrict_oom_score_adj = true
disable_apparmor = true
[plugins."io.containerd.cri.v1.runtime".cni]
bin_dirs = ["/usr/lib/cni"]
conf_dir = %[5]q
[plugins."io.containerd.cri.v1.runtime".containerd.runtimes.runc]
runtime_type = "io.containerd.runc.v2"
`

// The addresses below the range are the node's.
const networkConfig = `{"cniVersion": "1.0.0", "name": "deployfile", "plugins": [
  {"type": "bridge", "bridge": "cni0", "isGateway": true, "hairpinMode": true,
   "ipam": {"type": "host-local", "dataDir": %[1]q,
            "ranges": [[{"subnet": "` + podNet + `", "rangeStart": "10.88.1.1"}]],
            "routes": [{"dst": "0.0.0.0/0"}]}},
  {"type": "portmap", "capabilities": {"portMappings": true}}
]}
`

// kubeletConfig: version 1 of control groups will do, whoever reaches the node
// may ask it, and a full disk of the host is not the pods' concern.
const kubeletConfig = `apiVersion: kubelet.config.k8s.io/v1beta1
kind: KubeletConfiguration
failCgroupV1: false
failSwapOn: false
containerRuntimeEndpoint: unix://%[1]s
cgroupDriver: cgroupfs
cgroupRoot: /%[2]s
address: ` + address + `
oomScoreAdj: 0
authentication: {anonymous: {enabled: true}, webhook: {enabled: false}}
authorization: {mode: AlwaysAllow}
makeIPTablesUtilChains: false
resolvConf: ""
registryPullQPS: 0
evictionHard: {memory.available: 50Mi, nodefs.available: 0%%, imagefs.available: 0%%, nodefs.inodesFree: 0%%}
imageGCHighThresholdPercent: 100
nodeStatusUpdateFrequency: 2s
syncFrequency: 5s
podLogsDir: %[3]s
`

// writeConfigs writes the files that the node's programs read.
func (n *NodeCluster) writeConfigs() error {
	for file, text := range map[string]string{
		"containerd.toml":        fmt.Sprintf(containerdConfig, n.path("containerd"), n.path("state"), n.path("containerd.sock"), n.Registry+pauseImage, n.path("cni")),
		"cni/10-bridge.conflist": fmt.Sprintf(networkConfig, n.path("addresses")),
		"kubelet.yaml":           fmt.Sprintf(kubeletConfig, n.path("containerd.sock"), n.groups, n.path("pods")),
	} {
		if err := os.MkdirAll(filepath.Dir(n.path(file)), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(n.path(file), []byte(text), 0o644); err != nil {
			return err
		}
	}
	return nil
}
