package resolver

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"deps.dev/util/pypi"
	"github.com/deployfile/deployfile/toolchain"
	gwclient "github.com/moby/buildkit/frontend/gateway/client"
)

// resolved is what one platform's requirements are resolved to.
type resolved struct {
	// pylock is a pylock.toml.
	pylock []byte
	// wheels describes its wheels; nil if the lock was reused, or a wheel is still to
	// be built.
	wheels *wheelReport
	// unused are the names of Request.Unproven that nothing requires here.
	unused []string
}

// packages resolves the requirements for one platform to a pylock.toml and
// inspects its wheels. If nothing they depend on has changed, it reuses the
// locked one.
func (r *Resolver) packages(ctx context.Context, q Request, keep *Lock, t toolchain.Toolchain, p *Platform) (*resolved, error) {
	if data := unchangedPylock(q, keep, p); data != nil {
		return &resolved{pylock: data}, nil
	}
	arch, err := machine(p.Name)
	if err != nil {
		return nil, err
	}
	previous := q.previousPylock(p.Name)
	asked, err := r.repositories(ctx, q, t, previous)
	if err != nil {
		return nil, err
	}
	interpreter, err := p.Interpreter(t.Version)
	if err != nil {
		return nil, err
	}
	known := []metadata{}
	for {
		step := toolchain.Step{
			Name:   fmt.Sprintf("resolve %d requirements for %s", len(q.Inputs.Requirements), p.Name),
			Script: script("resolve.py"),
			Args:   []string{requestDir + "/request.json"},
			Mounts: []toolchain.Mount{request(t, map[string]any{
				"requirements": asked.requirements,
				"repositories": asked.repositories,
				"constraints":  q.Inputs.Constraints,
				"override":     asked.override,
				"without":      q.Inputs.Without,
				"unproven":     q.Unproven,
				"options":      slices.DeleteFunc(slices.Clone(q.Inputs.Options), func(o string) bool { return o == OptionRequireHashes }),
				"mlflow":       q.Inputs.MLflow,
				"metadata":     known,
				"python":       t.Version,
				"platform":     uvPlatform(arch, glibcMinor(p.Glibc)),
				"indexes":      q.Indexes,
				"upgrade":      q.Upgrade,
				"tags":         interpreter.tags(),
			})},
			Network:     true,
			Secrets:     secrets(q.Indexes),
			UV:          true,
			Programs:    true,
			IgnoreCache: q.Fresh && len(known) == 0,
		}
		for _, f := range q.LocalFiles {
			step.Mounts = append(step.Mounts, localMount(t, q.Context, f))
		}
		for _, repo := range asked.repositories {
			step.Mounts = append(step.Mounts, repo.mount(t))
		}
		if previous != nil {
			step.Mounts = append(step.Mounts, file(t, "/run/previous", "pylock.toml", previous))
		}
		ref, err := r.Gateway.Step(ctx, t, step)
		if err != nil {
			return nil, err
		}
		var unknown []unknownSource
		if err := r.Gateway.ReadJSON(ctx, ref, "sources.json", &unknown); err != nil {
			return nil, err
		}
		if len(unknown) == 0 {
			return r.readResolved(ctx, q, ref)
		}
		more, err := r.describe(ctx, q, t, interpreter, known, unknown)
		if err != nil {
			return nil, err
		}
		known = append(known, more...)
	}
}

// readResolved reads the result of scripts/resolve.py, without the files that
// requirements do not allow.
func (r *Resolver) readResolved(ctx context.Context, q Request, ref gwclient.Reference) (*resolved, error) {
	out := &resolved{}
	err := r.Gateway.ReadJSON(ctx, ref, "unused.json", &out.unused)
	if err == nil {
		out.wheels, err = r.readWheelReport(ctx, ref)
	}
	var all []byte
	if err == nil {
		all, err = readFile(ctx, ref, "pylock.toml", MaxLock)
	}
	if err == nil {
		out.pylock, err = q.Hashes.enforce(all)
	}
	if !bytes.Equal(out.pylock, all) {
		// The report may be about wheels that are not allowed.
		out.wheels = nil
	}
	return out, err
}

// lacks reports whether an error means that an index lacks a requirement.
func lacks(err error) bool {
	var step *StepError
	var wheel *NoWheelError
	return errors.As(err, &wheel) || errors.As(err, &step) && step.Kind == "unsatisfiable"
}

// joined joins the errors of several platforms. A message of uv that two
// platforms share appears once.
func joined(platforms []error) error {
	var out []error
	said := map[string]bool{}
	for _, err := range platforms {
		var step *StepError
		if errors.As(err, &step) {
			if said[step.Message] {
				continue
			}
			said[step.Message] = true
		}
		out = append(out, err)
	}
	if len(out) == 1 {
		return out[0]
	}
	return errors.Join(out...)
}

// previousPylock returns the previous lock's pylock file for a platform, or
// nil.
func (q Request) previousPylock(platform string) []byte {
	if q.Previous == nil {
		return nil
	}
	was := q.Previous.Platform(platform)
	if was == nil {
		return nil
	}
	data := q.Pylocks[was.Pylock]
	// An invalid file, for example after a merge conflict, is replaced.
	if _, err := ParsePylock(data); err != nil {
		return nil
	}
	return data
}

func unchangedPylock(q Request, keep *Lock, p *Platform) []byte {
	// A local file may have changed under the same name.
	if keep == nil || len(q.Upgrade) > 0 || len(q.LocalFiles) > 0 {
		return nil
	}
	was := keep.Platform(p.Name)
	if was == nil || was.Glibc != p.Glibc {
		return nil
	}
	a, b := keep.Inputs, q.Inputs
	same := a.Python == b.Python && a.MLflow == b.MLflow && slices.Equal(a.Requirements, b.Requirements) &&
		slices.Equal(a.Constraints, b.Constraints) && slices.Equal(a.Override, b.Override) && slices.Equal(a.Without, b.Without) &&
		slices.Equal(a.Options, b.Options) && slices.Equal(a.Indexes, b.Indexes)
	data := q.previousPylock(p.Name)
	// A file edited by hand is resolved again, with its versions preferred.
	if !same || data == nil || hash(data) != was.PylockSHA256 {
		return nil
	}
	return data
}

func glibcMinor(v string) int {
	n, _ := strconv.Atoi(strings.TrimPrefix(v, "2."))
	return n
}

// Interpreter returns the Python that selects the platform's wheels.
func (p *Platform) Interpreter(pythonVersion string) (Interpreter, error) {
	arch, err := machine(p.Name)
	if err != nil {
		return Interpreter{}, err
	}
	minor, err := strconv.Atoi(strings.TrimPrefix(pythonVersion, "3."))
	if err != nil {
		return Interpreter{}, fmt.Errorf("python-version %q: want 3.N", pythonVersion)
	}
	return Interpreter{Minor: minor, Arch: arch, Glibc: glibcMinor(p.Glibc)}, nil
}

// checkUpgrade refuses names that the previous lock does not contain: they are
// misspelt, or there is nothing to upgrade.
func (q Request) checkUpgrade() error {
	if q.Previous == nil {
		return nil
	}
	locked := map[string]bool{}
	for _, data := range q.Pylocks {
		// An invalid pylock file is replaced.
		if p, err := ParsePylock(data); err == nil {
			for _, pkg := range p.Packages {
				locked[pypi.CanonPackageName(pkg.Name)] = true
			}
		}
	}
	for _, name := range q.Upgrade {
		if name != "*" && !locked[pypi.CanonPackageName(name)] {
			return fmt.Errorf("cannot upgrade %q: the lock holds no package of that name", name)
		}
	}
	return nil
}
