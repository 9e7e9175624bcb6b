package containerd

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	cni "github.com/containerd/go-cni"
)

func TestNetworkConfiguration(t *testing.T) {
	n := &network{plugins: "/none", configs: t.TempDir()}
	if _, err := n.load(cni.WithDefaultConf); err == nil || !strings.HasPrefix(err.Error(), "no CNI network: put its .conflist into "+n.configs) {
		t.Errorf("an empty directory: %v", err)
	}
	write := func(name, text string) {
		if err := os.WriteFile(filepath.Join(n.configs, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("20-second.conflist", `{`)
	write("10-first.conflist", `{"cniVersion": "1.0.0", "name": "models", "plugins": [
		{"type": "bridge", "bridge": "df0"}, {"type": "portmap", "backend": "iptables", "capabilities": {"portMappings": true}}]}`)
	all, err := n.load(cni.WithDefaultConf)
	if err != nil {
		t.Fatal(err)
	}
	only, err := onlyPortMap(all.GetConfig().Networks[0].Config, "10.1.2.3/24")
	if err != nil {
		t.Fatal(err)
	}
	rest, err := n.load(cni.WithConfListBytes(only))
	if err != nil {
		t.Fatal(err)
	}
	got := rest.GetConfig().Networks[0].Config
	if got.Name != "models" || got.CNIVersion != "1.0.0" || len(got.Plugins) != 1 || !strings.Contains(got.Plugins[0].Source, `"backend":"iptables"`) && !strings.Contains(got.Plugins[0].Source, `"backend": "iptables"`) {
		t.Errorf("closing a port asks %+v", got)
	}
	write("10-first.conflist", `{"cniVersion": "1.0.0", "name": "models", "plugins": [{"type": "bridge"}]}`)
	if all, err = n.load(cni.WithDefaultConf); err != nil {
		t.Fatal(err)
	}
	if only, err := onlyPortMap(all.GetConfig().Networks[0].Config, ""); only != nil || err != nil {
		t.Errorf("a network without portmap: %s, %v", only, err)
	}
}
