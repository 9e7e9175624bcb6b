package llb

import (
	"fmt"
	"slices"
	"strings"

	"github.com/deployfile/deployfile/deployfile"
	"github.com/deployfile/deployfile/internal/layering"
	"github.com/deployfile/deployfile/mlmodel"
	"github.com/deployfile/deployfile/resolver"
)

// Sources are what a plan is made from.
type Sources struct {
	File  *deployfile.File
	Model *mlmodel.Model
	Lock  *resolver.Lock
	// Pylock is the platform's pylock.toml.
	Pylock *resolver.Pylock
	// Platform is the platform of the image, BuildPlatform the one that
	// steps run on.
	Platform, BuildPlatform string
	// BaseEnv is the base image's environment.
	BaseEnv []string
	// Labels are added to all others.
	Labels map[string]string
	// Created overrides the model's time of creation, in RFC 3339; "" if not.
	Created string
	// Source and Revision are the repository and commit, "" if not known.
	Source, Revision string
}

// NewPlan makes the plan of one platform.
func NewPlan(s Sources) (*Plan, error) {
	locked := s.Lock.Platform(s.Platform)
	if locked == nil {
		return nil, fmt.Errorf("the lock does not hold platform %s; add it to [image] platforms and run deployfile lock", s.Platform)
	}
	p := &Plan{
		Platform:       s.Platform,
		Base:           s.Lock.Base,
		Toolchain:      s.Lock.Toolchain,
		SystemPackages: locked.SystemPackages,
		Code:           s.File.Environment.Code,
		Server: ServerPlan{
			Kind:    s.File.Server.Kind,
			Port:    s.File.Server.Port,
			Workers: s.File.Server.Workers,
			Command: s.File.Server.Command,

			MaxConcurrency: s.File.Server.MaxConcurrency,
			DrainSeconds:   s.File.Server.DrainSeconds,
			Untracked:      s.Model != nil && s.Model.Tracks,
		},
	}
	// The Deployfile's own checks have refused what is no size.
	p.Server.MaxBody, _ = deployfile.Bytes(s.File.Server.MaxBody)
	if s.File.Server.Log != "text" {
		p.Server.Log = s.File.Server.Log
	}
	p.Server.Metrics = s.File.Server.Metrics
	p.Server.Protocols = s.File.Server.Besides()
	if s.File.Server.Docs != "mlflow" {
		p.Server.Docs = s.File.Server.Docs
	}
	if p.Server.Metrics || p.Server.Protocols != nil || p.Server.Docs != "" {
		p.Server.Model = &NamedModel{Name: s.File.Model.Name, Version: s.File.Model.Version}
	}
	for _, u := range s.Lock.UV {
		if u.Platform == s.BuildPlatform {
			p.UV = u.Download
		}
	}
	if s.File.Environment.ImpliedPackages && s.Model != nil {
		for _, i := range s.Model.ImpliedPackages(s.File.Environment.SystemPackages) {
			p.Implied = append(p.Implied, Implied{Name: i.Name, Reason: i.Reason})
		}
	}
	wheels, err := wheels(s, locked)
	if err != nil {
		return nil, err
	}
	p.Layers = wheelLayers(wheels)
	if locked.Wheels != nil {
		p.Conflicts, p.Startup = conflicts(p.Layers, locked.Wheels.Conflicts), locked.Wheels.Startup
	}
	p.Model = model(s)
	p.Config, err = config(s, p)
	return p, err
}

// WithoutModel takes the model and its code out of the plan, so that what is
// left is the environment.
func (p *Plan) WithoutModel() {
	p.Code, p.Model = nil, ModelPlan{}
	p.Config.Cmd, p.Config.WorkingDir = []string{"python"}, "/"
}

func wheels(s Sources, locked *resolver.Platform) ([]Wheel, error) {
	chosen, sources, err := locked.Installs(s.Lock.Toolchain.PythonVersion, s.Pylock)
	if err != nil {
		return nil, err
	}
	var out []Wheel
	for _, w := range chosen {
		out = append(out, Wheel{Name: w.Name, Version: w.Version, Download: w.Download, Path: w.Path, Direct: w.Direct})
	}
	built := locked.BuiltByName()
	for _, src := range sources {
		b, ok := built[src.Name]
		if !ok {
			return nil, fmt.Errorf("the lock holds no built wheel of %s %s; run deployfile lock", src.Name, src.Version)
		}
		w := Wheel{Name: src.Name, Version: src.Version, Source: &src, Built: &b}
		w.Filename, w.SHA256 = b.Filename, b.SHA256
		if w.Version == "" {
			w.Version = strings.Split(b.Filename, "-")[1]
		}
		out = append(out, w)
	}
	slices.SortFunc(out, func(a, b Wheel) int { return strings.Compare(a.Name, b.Name) })
	return out, nil
}

func model(s Sources) ModelPlan {
	m := ModelPlan{Dir: s.File.Model.Source, Files: s.Lock.Model}
	large := slices.DeleteFunc(slices.Clone(s.Lock.Model), func(f resolver.ModelFile) bool { return f.Size < layering.Large })
	for _, l := range layering.Spread(large, func(f resolver.ModelFile) string { return f.Path }, func(f resolver.ModelFile) int64 { return f.Size }) {
		paths := make([]string, len(l))
		for n, f := range l {
			paths[n] = f.Path
		}
		if len(paths) == 1 {
			m.Large = append(m.Large, paths[0])
		} else {
			m.Shared = append(m.Shared, paths)
		}
	}
	if s.Model != nil {
		m.ServingInput = s.Model.ServingInput
		for _, l := range s.Model.Links {
			m.Links = append(m.Links, ModelLink(l))
		}
	}
	return m
}
