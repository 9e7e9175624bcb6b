package frontend

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strings"

	"deps.dev/util/pypi"
	"github.com/deployfile/deployfile/internal/sbom"
	"github.com/deployfile/deployfile/internal/untrusted"
	"github.com/deployfile/deployfile/toolchain"
	intoto "github.com/in-toto/in-toto-golang/in_toto"
	gwclient "github.com/moby/buildkit/frontend/gateway/client"
	gwpb "github.com/moby/buildkit/frontend/gateway/pb"
	"github.com/moby/buildkit/solver/result"
)

// The names of the SBOMs, in the sbom target and in the
// attestations.
const (
	SPDXName      = "sbom.spdx.json"
	CycloneDXName = "sbom.cdx.json"
)

// The largest files that an SBOM is made of, in bytes: dpkg's list of a whole
// desktop has 8 MiB, and a METADATA may have all of a README in it.
const (
	maxStatus   = 32 << 20
	maxRelease  = 64 << 10
	maxMetadata = 4 << 20
)

// buildSBOM builds the sbom output: the documents of each platform, whose name is in
// front of theirs if there are several.
func buildSBOM(ctx context.Context, in *inputs) (*gwclient.Result, error) {
	l, err := in.useLock(ctx)
	if err != nil {
		return nil, err
	}
	files := map[string][]byte{}
	names := in.platforms()
	for _, platform := range names {
		c, err := l.compile(ctx, platform)
		if err != nil {
			return nil, err
		}
		made, err := c.sboms(ctx)
		if err != nil {
			return nil, err
		}
		for name, data := range made {
			if len(names) > 1 {
				name = strings.ReplaceAll(platform, "/", "-") + "." + name
			}
			files[name] = data
		}
	}
	return in.result(ctx, directory(files))
}

// sboms makes the documents of one platform, from the plan and from what the
// installed packages and the base say of themselves.
func (c *compiled) sboms(ctx context.Context) (map[string][]byte, error) {
	in := sbom.Input{Plan: c.plan, Model: c.found.Model, Origin: c.pin, Name: c.file.Model.Name, Version: c.file.Model.Version}
	image, err := c.resolver.Gateway.Solve(ctx, c.layers.State)
	if err != nil {
		return nil, err
	}
	if in.Licenses, err = licenses(refFS{ctx, image}, c.plan.Base.PythonVersion); err != nil {
		return nil, err
	}
	base, err := c.resolver.Gateway.Solve(ctx, c.states.Base)
	if err != nil {
		return nil, err
	}
	// A base without dpkg has no list, so its packages are unknown.
	if data, err := untrusted.ReadFile(refFS{ctx, base}, "var/lib/dpkg/status", maxStatus); err == nil {
		if in.BasePackages, err = sbom.ParseDpkgStatus(data); err != nil {
			return nil, err
		}
	} else if untrusted.Refused(err) {
		return nil, fmt.Errorf("base image: %w", err)
	}
	if data, err := untrusted.ReadFile(refFS{ctx, base}, "usr/lib/os-release", maxRelease); err == nil {
		in.Distribution = distribution(data)
	}
	spdx, err := sbom.SPDX(in)
	if err != nil {
		return nil, err
	}
	cycloneDX, err := sbom.CycloneDX(in)
	if err != nil {
		return nil, err
	}
	return map[string][]byte{SPDXName: spdx, CycloneDXName: cycloneDX}, nil
}

// licenses reads the METADATA of every installed package.
func licenses(image fs.FS, python string) (map[string]sbom.License, error) {
	site := path.Join(strings.TrimPrefix(toolchain.VirtualEnv, "/"), toolchain.SitePackages(python))
	entries, err := fs.ReadDir(image, site)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil // no packages
	}
	if err != nil {
		return nil, err
	}
	out := map[string]sbom.License{}
	for _, e := range entries {
		name, ok := strings.CutSuffix(e.Name(), ".dist-info")
		if !ok {
			continue
		}
		data, err := untrusted.ReadFile(image, path.Join(site, e.Name(), "METADATA"), maxMetadata)
		if err != nil {
			return nil, err
		}
		license, err := sbom.ReadLicense(data)
		if err != nil {
			return nil, err
		}
		name, _, _ = strings.Cut(name, "-")
		out[pypi.CanonPackageName(name)] = license
	}
	return out, nil
}

// distribution returns the ID of an os-release file.
func distribution(osRelease []byte) string {
	for line := range strings.Lines(string(osRelease)) {
		if v, ok := strings.CutPrefix(strings.TrimSpace(line), "ID="); ok {
			return strings.Trim(v, `"'`)
		}
	}
	return ""
}

// attest adds the documents to a result where an SBOM was asked for. BuildKit
// scans nothing then.
func (c *compiled) attest(ctx context.Context, res *gwclient.Result) error {
	if c.ui.SBOM == nil {
		return nil
	}
	if !c.contents().environment {
		// Without an answer, BuildKit would scan the image for packages.
		return fmt.Errorf("--target %s has no SBOM: leave --sbom out here, and build the environment with it", c.ui.Target)
	}
	files, err := c.sboms(ctx)
	if err != nil {
		return err
	}
	made, err := c.result(ctx, directory(files))
	if err != nil {
		return err
	}
	ref, err := made.SingleRef()
	if err != nil {
		return err
	}
	for _, x := range []struct{ name, predicate string }{{SPDXName, intoto.PredicateSPDX}, {CycloneDXName, intoto.PredicateCycloneDX}} {
		res.AddAttestation(c.plan.Platform, gwclient.Attestation{
			Kind: gwpb.AttestationKind_InToto,
			Ref:  ref,
			Path: "/" + x.name,
			InToto: result.InTotoAttestation{
				PredicateType: x.predicate,
			},
		})
	}
	return nil
}
