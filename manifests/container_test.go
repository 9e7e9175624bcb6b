package manifests

import (
	"strings"
	"testing"

	"github.com/deployfile/deployfile/deployfile"
	"github.com/google/go-cmp/cmp"
)

// containerRelease is a release for a container engine.
func containerRelease(target deployfile.Target) Release {
	target.Name = "prod"
	if target.Endpoint == "" {
		target.Endpoint = "iris-prod"
	}
	return Release{
		Model: "iris", Version: "3", Target: target,
		Image: "registry.example.com/iris@sha256:" + strings.Repeat("1", 64),
		Port:  8080, User: "65532:65532",
		LockDigest: "sha256:" + strings.Repeat("2", 64), FileDigest: "sha256:" + strings.Repeat("3", 64),
	}
}

func TestContainer(t *testing.T) {
	for name, target := range map[string]deployfile.Target{
		"docker": {Kind: "docker", Port: 8080},
		"docker-full": {
			Kind: "docker", Port: 80, Address: "0.0.0.0", Network: "models", Restart: "always",
			Env:       map[string]string{"OMP_NUM_THREADS": "1", "A": "b: c", "PORT": "1"},
			Resources: deployfile.Resources{CPU: "500m", Memory: "2Gi", GPUs: 1},
		},
		"docker-host":     {Kind: "docker", Port: 9000, Network: "host"},
		"containerd":      {Kind: "containerd", Port: 9000},
		"containerd-cni":  {Kind: "containerd", Port: 9000, Network: "cni", Resources: deployfile.Resources{CPU: "2"}},
		"docker-imported": {Kind: "docker"},
	} {
		t.Run(name, func(t *testing.T) {
			r := containerRelease(target)
			if name == "docker-imported" {
				r.Image, r.Version, r.User = "sha256:"+strings.Repeat("4", 64), "", ""
			}
			documents, err := Render(State{Live: Slot{Release: r}})
			if err != nil {
				t.Fatal(err)
			}
			if len(documents) != 1 || documents[0].Name != "container.yaml" {
				t.Fatalf("documents: %v", documents)
			}
			golden(t, "container-"+name+".yaml", documents[0].Body)
			for range 25 {
				again, err := Render(State{Live: Slot{Release: r}})
				if err != nil || string(again[0].Body) != string(documents[0].Body) {
					t.Fatalf("rendered again: %v\n%s", err, again)
				}
			}
			c, err := ParseContainer(documents)
			if err != nil {
				t.Fatal(err)
			}
			if c.Image != r.Image || c.Env["PORT"] == "1" || target.Env["PORT"] != r.Target.Env["PORT"] {
				t.Errorf("read back: %+v", c)
			}
		})
	}
}

// TestContainerIgnores shows what replaces no container.
func TestContainerIgnores(t *testing.T) {
	r := containerRelease(deployfile.Target{Kind: "docker"})
	want, err := Render(State{Live: Slot{Release: r}})
	if err != nil {
		t.Fatal(err)
	}
	r.FileDigest, r.LockDigest, r.Target.Tags = "", "sha256:4", []string{"latest"}
	got, err := Render(State{Live: Slot{Release: r}})
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

func TestContainerErrors(t *testing.T) {
	for want, change := range map[string]func(*State){
		`target "prod": resources cpu = "many": quantities must match`:          func(s *State) { s.Live.Target.Resources.CPU = "many" },
		`target "prod": resources memory = "0": it must be more than 0`:         func(s *State) { s.Live.Target.Resources.Memory = "0" },
		`target "prod": resources memory = "-1Gi": it must be more than 0`:      func(s *State) { s.Live.Target.Resources.Memory = "-1Gi" },
		`target "prod": a container engine has no place for a second release b`: func(s *State) { s.Next = &Slot{Release: s.Live.Release} },
	} {
		s := State{Live: Slot{Release: containerRelease(deployfile.Target{Kind: "docker"})}}
		change(&s)
		if _, err := Render(s); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%v, want %s", err, want)
		}
	}
	if _, err := ParseContainer(nil); err == nil {
		t.Error("no document is no error")
	}
	if _, err := ParseContainer([]Document{{Name: "container.yaml", Body: []byte("name: [")}}); err == nil {
		t.Error("no YAML is no error")
	}
}
