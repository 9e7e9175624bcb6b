//go:build integration

package azureml

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/deployfile/deployfile/internal/testing/azurecloud"
	"github.com/deployfile/deployfile/internal/testing/clouds"
	"github.com/deployfile/deployfile/manifests"
	spec "github.com/deployfile/deployfile/manifests/azureml"
	"github.com/deployfile/deployfile/publish"
)

// Azure's own client sees what was deployed, and makes the same of the documents, which it
// loads as az ml does: nothing differs then.
func TestAzureClient(t *testing.T) {
	deployed, made := azurecloud.New(t), azurecloud.New(t)
	var names, dirs []string
	var checks []func()
	for name, change := range map[string]func(*spec.Spec){
		"least":  func(*spec.Spec) {},
		"canary": canary,
		"mirror": func(s *spec.Spec) { s.Strategy, s.Mirror, s.Replicas = manifests.StrategyBlueGreen, 20, 3 },
		"full": func(s *spec.Spec) {
			s.Identity = "/subscriptions/" + azurecloud.Subscription + "/resourceGroups/ml/providers/Microsoft.ManagedIdentity/userAssignedIdentities/puller"
			s.AuthMode, s.RequestTimeout, s.MaxConcurrentRequests, s.StartupTimeout = "aad-token", "90s", 8, "20m"
			s.NoPublicAccess, s.NoEgress, s.AppInsights = true, true, true
			s.ResourceTags = map[string]string{"team": "flowers", "cost centre": "42"}
			s.Env = map[string]string{"LOG_LEVEL": "info", "DEBUG": "no"}
		},
	} {
		target := targetOf(change)
		target.Endpoint = name
		e := clouds.Endpoint{T: t, Cloud: deployed, Target: target, Connect: func() publish.Publisher { return connect(t, deployed, target) }}
		state := manifests.Deployed(nil, e.Release("1"))
		e.Must("1")
		if spec, _ := target.Spec.(*spec.Spec); spec.Strategy != manifests.StrategyRolling {
			state = manifests.Deployed(&state, e.Release("2"))
			if _, err := e.Deploy("2"); err != nil {
				t.Fatal(err)
			}
		}
		documents, err := manifests.Render(state)
		if err != nil {
			t.Fatal(err)
		}
		dir := t.TempDir()
		for _, d := range documents {
			if err := os.WriteFile(filepath.Join(dir, d.Name), d.Body, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		names, dirs = append(names, name), append(dirs, dir)
		checks = append(checks, func() {
			changes, err := connect(t, made, target).Diff(t.Context(), documents)
			if err != nil || len(changes) > 0 {
				t.Errorf("%s: %+v, %v", name, changes, err)
			}
		})
	}
	made.Create(t, dirs...)
	for _, check := range checks {
		check()
	}
	seen := deployed.Read(t, names...)
	if d := cmp.Diff(seen, made.Read(t, names...)); d != "" {
		t.Error(d)
	}
	full := seen["full"]
	for name, d := range full.Deployments {
		if full.Endpoint["auth_mode"] != "aad_token" || full.Endpoint["public_network_access"] != "disabled" || d["instance_type"] != "Standard_DS3_v2" || full.Environments[name]["image"] != clouds.Image(repository, "1") {
			t.Errorf("%+v", full)
		}
	}
}
