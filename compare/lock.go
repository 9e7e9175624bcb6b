package compare

import (
	"fmt"
	"strings"

	"github.com/deployfile/deployfile/resolver"
)

// FromLock returns the contents of a lock; pylocks are its pylock files by
// name.
func FromLock(name string, l *resolver.Lock, pylocks map[string][]byte) (Contents, error) {
	c := Contents{Name: name, Source: Lock}
	for _, p := range l.Platforms {
		facts := map[Kind]map[string]Fact{
			Base:          imageFacts(l.Base),
			Toolchain:     toolchainFacts(l),
			Request:       {"python": {Value: l.Inputs.Python}, "mlflow": {Value: l.Inputs.MLflow}},
			Requirement:   list(l.Inputs.Requirements),
			Constraint:    list(l.Inputs.Constraints),
			Override:      list(l.Inputs.Override),
			Without:       list(l.Inputs.Without),
			Option:        list(l.Inputs.Options),
			Index:         list(l.Inputs.Indexes),
			SystemPackage: {},
			ModelFile:     {},
		}
		for _, d := range p.SystemPackages {
			facts[SystemPackage][d.Name] = Fact{Value: d.Version}
		}
		for _, f := range l.Model {
			facts[ModelFile][f.Path] = Fact{Value: modelValue(f), Size: f.Size}
		}
		if err := addPackages(facts, l, p, pylocks[p.Pylock]); err != nil {
			return c, fmt.Errorf("%s: %w", name, err)
		}
		c.Platforms = append(c.Platforms, Platform{Name: p.Name, Facts: facts})
	}
	return c, nil
}

func modelValue(f resolver.ModelFile) string {
	switch {
	case f.Link != "":
		return "link to " + f.Link
	case f.Executable:
		return "executable, sha256:" + f.SHA256
	}
	return "sha256:" + f.SHA256
}

// imageFacts omits the name of a base that is a build context: the name means
// nothing elsewhere.
func imageFacts(i resolver.Image) map[string]Fact {
	facts := map[string]Fact{"digest": {Value: i.Digest}}
	if !strings.HasPrefix(i.Ref, "context:") {
		facts["name"] = Fact{Value: i.Ref}
	}
	return facts
}

func toolchainFacts(l *resolver.Lock) map[string]Fact {
	facts := imageFacts(l.Toolchain)
	facts["python"] = Fact{Value: l.Toolchain.PythonVersion}
	for _, u := range l.UV {
		facts["uv for "+u.Platform] = Fact{Value: u.Filename}
	}
	return facts
}

func list(values []string) map[string]Fact {
	facts := map[string]Fact{}
	for _, v := range values {
		facts[v] = Fact{}
	}
	return facts
}

// addPackages adds the packages that a build of the platform installs.
func addPackages(facts map[Kind]map[string]Fact, l *resolver.Lock, p resolver.Platform, data []byte) error {
	pylock, err := p.ParsePylock(data)
	if err != nil {
		return err
	}
	wheels, sources, err := p.Installs(l.Toolchain.PythonVersion, pylock)
	if err != nil {
		return fmt.Errorf("%s: %w", p.Pylock, err)
	}
	packages, from := map[string]Fact{}, map[string]Fact{}
	for _, w := range wheels {
		packages[w.Name] = Fact{Value: w.Version}
		from[w.Name] = Fact{Value: w.Filename + " sha256:" + w.SHA256}
	}
	built := p.BuiltByName()
	for _, s := range sources {
		version := s.Version
		if version == "" {
			version = built[s.Name].Version
		}
		packages[s.Name] = Fact{Value: version}
		from[s.Name] = Fact{Value: sourceText(s)}
	}
	facts[Package], facts[PackageSource] = packages, from
	return nil
}

func sourceText(s resolver.Source) string {
	if s.VCS != nil {
		return s.VCS.URL + "@" + s.VCS.CommitID
	}
	return s.File.Filename() + " sha256:" + s.File.Hashes["sha256"]
}
