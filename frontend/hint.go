package frontend

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"deps.dev/util/pypi"
	"github.com/deployfile/deployfile/internal/listing"
	"github.com/deployfile/deployfile/mlmodel"
	"github.com/deployfile/deployfile/resolver"
)

// hinted is an error with a hint.
type hinted struct {
	err  error
	hint string
}

func (e *hinted) Error() string { return strings.TrimRight(e.err.Error(), "\n") + "\nhint: " + e.hint }
func (e *hinted) Unwrap() error { return e.err }

// withHint adds a hint to an error about requirements of these names: which key of the
// Deployfile fixes it, if that is known.
func (i *Inspection) withHint(err error, names []string) error {
	names = slices.DeleteFunc(slices.Clone(names), i.overridden)
	var step *resolver.StepError
	var build *resolver.BuildError
	hint := ""
	switch {
	case errors.As(err, &build):
		if len(build.Packages) > 0 {
			build.Packages = uniquely(i.File.Environment.BuildPackages, build.Packages)
		}
		// In front of the log.
		if hint := i.buildHint(build, names); hint != "" {
			build.Hints = append(build.Hints, hint)
		}
		return err
	case errors.As(err, &step):
		hint = i.resolveHint(err.Error(), names)
	}
	for _, name := range names {
		if hint == "" {
			hint = i.requirementHint(name)
		}
	}
	if hint == "" {
		return err
	}
	return &hinted{err, hint}
}

// overridden reports whether the Deployfile replaces requirements of a name.
func (i *Inspection) overridden(name string) bool {
	return slices.ContainsFunc(i.File.Environment.Override, func(item string) bool { return pypi.CanonPackageName(nameOf(item)) == name })
}

// buildHint proposes what to install in the place of a package that cannot be
// built, if the requirement is the model's.
func (i *Inspection) buildHint(e *resolver.BuildError, names []string) string {
	if len(names) == 0 || !requires(i.Model.Requirements, names[0]) {
		return ""
	}
	if e.Meant != "" {
		return fmt.Sprintf("in [environment] of the Deployfile, write without = [%q], and requirements = [%q] unless the model requires that as well", names[0], e.Meant)
	}
	return fmt.Sprintf("for a version with a wheel, write override = [%q] in [environment] of the Deployfile; to leave it out, without = [%q]", names[0]+"==VERSION", names[0])
}

// requirementHint says how to replace a requirement of the model, which nobody can
// change.
func (i *Inspection) requirementHint(name string) string {
	for _, r := range i.Model.Requirements {
		place, _, _ := strings.Cut(r.VCS, "#")
		switch {
		case r.Name == "" && place == name:
			return fmt.Sprintf("in [environment] of the Deployfile, write without = [%q], and what takes its place under requirements", r.Text)
		case r.Name == name && r.VCS != "":
			return fmt.Sprintf("in [environment] of the Deployfile, override = [%q] takes the place of the model's requirement, and without = [%q] leaves it out", name+" @ git+https://…@REVISION", name)
		case r.Name == name:
			return fmt.Sprintf("in [environment] of the Deployfile, override = [%q] takes the place of the model's requirement, and without = [%q] leaves it out", name+"==VERSION", name)
		}
	}
	return ""
}

func requires(of []mlmodel.Requirement, name string) bool {
	return slices.ContainsFunc(of, func(r mlmodel.Requirement) bool { return r.Name == name })
}

// uv's messages about packages that are not for Linux, versions that no index has and
// unknown names; see resolver/uvmessages.go.
var (
	otherPlatforms = regexp.MustCompile("Wheels are available for `([a-z0-9][a-z0-9._-]*)` [^:]*platforms?: ((?:`[^`]+`(?:, | and |,and )?)+)")
	localVersion   = regexp.MustCompile(`there is no version of ([a-z0-9][a-z0-9._-]*)(?:\[[^\]]*\])?==([A-Za-z0-9.!]+)\+([A-Za-z0-9.]+)`)
	notFound       = regexp.MustCompile(`[Bb]ecause ([a-z0-9][a-z0-9._-]*) was not found in`)
)

// resolveHint returns how to fix requirements that cannot be resolved.
func (i *Inspection) resolveHint(said string, names []string) string {
	said = strings.Join(strings.Fields(said), " ")
	var foreign []string
	for _, m := range otherPlatforms.FindAllStringSubmatch(said, -1) {
		if !strings.Contains(m[2], "linux") && !slices.Contains(foreign, m[1]) {
			foreign = append(foreign, m[1])
		}
	}
	if len(foreign) > 0 {
		return fmt.Sprintf("%s: for another operating system; to leave out what serving does not need, write without = [%s] in [environment], or run: deployfile remove %s",
			strings.Join(foreign, ", "), listing.Quoted(foreign), strings.Join(foreign, " "))
	}
	if m := localVersion.FindStringSubmatch(said); m != nil {
		return localHint(m[1], m[2], m[3])
	}
	if m := notFound.FindStringSubmatch(said); m != nil {
		if meant := resolver.Meant(m[1]); meant != "" {
			return fmt.Sprintf("did you mean %s? In [environment], write without = [%q] and requirements = [%q]", meant, m[1], meant)
		}
	}
	for _, name := range names {
		if requires(i.Model.Requirements, name) && requires(i.env.ownRequirements, name) {
			return fmt.Sprintf("the model requires %s as well; for your version in the place of the model's, run: deployfile add %s==VERSION, or write it under override in [environment]", name, name)
		}
	}
	return ""
}

// localHint explains a version such as 2.1.0+cu118.
func localHint(name, public, local string) string {
	if strings.HasPrefix(local, "ubuntu") || strings.HasPrefix(local, "deb") {
		return fmt.Sprintf("+%s is what pip freeze lists of the system's own Python, and no index has; to leave it out, write without = [%q] in [environment], or take the build of the default index: override = [%q]",
			local, name, name+"=="+public)
	}
	index := "the index of whoever builds it"
	if strings.HasPrefix(name, "torch") || strings.HasPrefix(local, "cu") || local == "cpu" || strings.HasPrefix(local, "rocm") {
		index = fmt.Sprintf("PyTorch's own index for %[1]s, whose address ends in /whl/%[1]s", local)
	}
	return fmt.Sprintf("+%s is a local version, which the default index has of no package; name %s under [[environment.indexes]], with packages = [%q], or take the build of the default index: override = [%q]",
		local, index, name, name+"=="+public)
}

// uniquely joins two lists, without repetition.
func uniquely(a, b []string) []string {
	out := slices.Clone(a)
	for _, x := range b {
		if !slices.Contains(out, x) {
			out = append(out, x)
		}
	}
	return out
}
