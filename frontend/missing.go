package frontend

import (
	"context"
	"fmt"
	"regexp"
	"slices"

	"github.com/deployfile/deployfile/mlmodel"
	"github.com/deployfile/deployfile/resolver"
)

// MissingError reports what is missing in the image for the server to start, and how to
// add it.
type MissingError struct {
	// What is a shared library, a program or a Python module. Hint is what to do, ""
	// if that is not known.
	What, Hint string
	// Err is the verify step's error.
	Err error
}

// Error begins with what is missing: what the step said may be long.
func (e *MissingError) Error() string {
	if e.Hint == "" {
		return fmt.Sprintf("the image has no %s\n%v", e.What, e.Err)
	}
	return fmt.Sprintf("the image has no %s: %s\n%v", e.What, e.Hint, e.Err)
}

// Unwrap returns the verify step's error.
func (e *MissingError) Unwrap() error { return e.Err }

// The messages of the loader, Python and subprocess about something missing.
var (
	noLibrary = regexp.MustCompile(`([A-Za-z0-9._+-]+\.so[.0-9]*): cannot open shared object file`)
	noProgram = regexp.MustCompile(`No such file or directory: '([A-Za-z0-9._+-]+)'`)
	noModule  = regexp.MustCompile(`ModuleNotFoundError: No module named '([A-Za-z0-9_]+)[A-Za-z0-9_.]*'`)
)

// withHint adds to the error of the verify step what is missing in the image.
func (c *compiled) withHint(ctx context.Context, err error, step *resolver.StepError) error {
	if step.Kind != "verify" {
		return err
	}
	last := func(pattern *regexp.Regexp) string {
		all := pattern.FindAllStringSubmatch(step.Message+"\n"+step.Log, -1)
		if len(all) == 0 {
			return ""
		}
		return all[len(all)-1][1]
	}
	if file := last(noLibrary); file != "" {
		return &MissingError{What: "library " + file, Hint: c.packageHint(ctx, file), Err: err}
	}
	if module := last(noModule); module != "" {
		return &MissingError{What: "Python module " + module, Hint: c.moduleHint(module), Err: err}
	}
	if file := last(noProgram); file != "" {
		if hint := c.packageHint(ctx, file); hint != "" {
			return &MissingError{What: "program " + file, Hint: hint, Err: err}
		}
	}
	return err
}

// packageHint says which Debian package contains a library or program, as the base's
// own apt knows it.
func (c *compiled) packageHint(ctx context.Context, file string) string {
	if file == "java" {
		// Debian's packages make this name only when they are installed.
		return resolver.AddPackage("system-packages", []string{"default-jre-headless"})
	}
	apt := c.resolver.Apt(c.states.Base, c.lock.Base.Python, c.file.Environment.CA)
	packages := c.resolver.Providers(ctx, apt, []string{file})[file]
	if len(packages) == 0 {
		return ""
	}
	implied := func(p mlmodel.SystemPackage) bool { return slices.Contains(packages, p.Name) }
	if !c.file.Environment.ImpliedPackages && slices.ContainsFunc(c.found.Model.SystemPackages, implied) {
		return "implied-packages = false in [environment] leaves it out"
	}
	return resolver.AddPackage("system-packages", packages)
}

// moduleHint says which distribution has a module.
func (c *compiled) moduleHint(module string) string {
	name := resolver.Distribution(module)
	if module == "pkg_resources" && requires(c.found.env.all, "setuptools") {
		// Version 82 of it has no such module.
		return fmt.Sprintf("setuptools has that module up to version 81, and the model requires another; write override = [%q] in [environment]", name)
	}
	add := fmt.Sprintf("add requirements = [%q] to [environment]", name)
	if c.file.Environment.MLflow != "full" && slices.Contains(fullMLflow(), name) {
		add += ` (or mlflow = "full", which brings it, too)`
	}
	return add
}
