package manifests_test

import (
	"strings"
	"testing"

	"github.com/deployfile/deployfile/deployfile"
	. "github.com/deployfile/deployfile/manifests"
	"github.com/deployfile/deployfile/manifests/containerd"
	"github.com/deployfile/deployfile/manifests/docker"
	"github.com/google/go-cmp/cmp"
)

// containerRelease returns a release for a container engine.
func containerRelease(target deployfile.Target) Release {
	target.Name = "prod"
	target.Endpoint, target.Kind = "iris-prod", target.Spec.Kind().Name
	if target.Port == 0 {
		target.Port = 8080
	}
	target.Complete()
	return Release{
		Model: "iris", Version: "3", Target: target,
		Image: "registry.example.com/iris@sha256:" + strings.Repeat("1", 64),
		Port:  8080, User: "65532:65532",
		LockDigest: "sha256:" + strings.Repeat("2", 64), FileDigest: "sha256:" + strings.Repeat("3", 64),
	}
}

func TestContainer(t *testing.T) {
	for name, target := range map[string]deployfile.Target{
		"docker": {Port: 8080, Spec: &docker.Spec{}},
		"docker-full": {
			Port: 80, Spec: &docker.Spec{
				Address: "0.0.0.0", Network: "models", Restart: "always",
				ContainerKeys: ContainerKeys{
					ServerEnv: deployfile.ServerEnv{Env: map[string]string{"OMP_NUM_THREADS": "1", "A": "b: c", "PORT": "1"}},
					Resources: Resources{CPU: "500m", Memory: "2Gi", GPUs: 1},
				},
			},
		},
		"docker-host":     {Port: 9000, Spec: &docker.Spec{Network: "host"}},
		"containerd":      {Port: 9000, Spec: &containerd.Spec{}},
		"containerd-cni":  {Port: 9000, Spec: &containerd.Spec{Network: "cni", ContainerKeys: ContainerKeys{Resources: Resources{CPU: "2"}}}},
		"docker-imported": {Spec: &docker.Spec{}},
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
			goldenFile(t, "container-"+name+".yaml", documents[0].Body)
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
			if c.Image != r.Image || c.Env["PORT"] == "1" || target.Env()["PORT"] != r.Target.Env()["PORT"] {
				t.Errorf("read back: %+v", c)
			}
		})
	}
}

// TestContainerIgnores shows what replaces no container.
func TestContainerIgnores(t *testing.T) {
	r := containerRelease(deployfile.Target{Spec: &docker.Spec{}})
	want, err := Render(State{Live: Slot{Release: r}})
	if err != nil {
		t.Fatal(err)
	}
	r.FileDigest, r.LockDigest, r.Target.Format = "", "sha256:4", "docker"
	got, err := Render(State{Live: Slot{Release: r}})
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

func TestContainerErrors(t *testing.T) {
	keys := func(s *State) *docker.Spec {
		spec, _ := s.Live.Target.Spec.(*docker.Spec)
		return spec
	}
	for want, change := range map[string]func(*State){
		`target "prod": targets.prod.resources.cpu "many" must be a quantity`: func(s *State) { keys(s).Resources.CPU = "many" },
		`target "prod": targets.prod.resources.memory must be from "1Mi"`:     func(s *State) { keys(s).Resources.Memory = "0" },
		`target "prod": targets.prod.address "here" must be an IP address`:    func(s *State) { keys(s).Address = "here" },
		`target "prod": kind docker has no room for a second release b`:       func(s *State) { s.Next = &Slot{Release: s.Live.Release} },
	} {
		s := State{Live: Slot{Release: containerRelease(deployfile.Target{Spec: &docker.Spec{}})}}
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
