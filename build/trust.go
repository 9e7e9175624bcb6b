package build

import (
	"cmp"
	"errors"
	"fmt"
	"strings"

	"github.com/deployfile/deployfile/deployfile"
	"github.com/deployfile/deployfile/frontend"
	"github.com/deployfile/deployfile/resolver"
	"github.com/distribution/reference"
)

// trusted are the images whose programs may have the user's credentials. Whoever wrote the
// Deployfile or the lock names the toolchain image, and may be a stranger.
type trusted struct {
	// directories are registries, or directories of them, with a slash at their ends.
	directories []string
	// images are repositories, some with a digest.
	images []reference.Named
}

// parseTrusted reads Options.TrustToolchain. The image that a Deployfile has which names
// none is always trusted.
func parseTrusted(names []string) (t trusted, err error) {
	for _, name := range append([]string{frontend.DefaultBase}, names...) {
		whole, ok := name, strings.HasSuffix(name, "/")
		if ok {
			whole += "x"
		}
		named, err := reference.ParseNormalizedNamed(whole)
		if _, tag := named.(reference.Tagged); err == nil && tag {
			err = errors.New("a lock pins a digest, whatever the tag: name the repository, or the image by its digest")
		}
		switch {
		case err != nil:
			return t, &UsageError{Option: "trust-toolchain", Err: fmt.Errorf("%q: %w", name, err)}
		case ok:
			t.directories = append(t.directories, strings.TrimSuffix(named.Name(), "x"))
		default:
			t.images = append(t.images, named)
		}
	}
	return t, nil
}

// trusts reports whether a toolchain image is one of these.
func (t trusted) trusts(image resolver.Image) bool {
	named, err := reference.ParseNormalizedNamed(image.Ref)
	if err != nil || strings.HasPrefix(image.Ref, resolver.ContextRef) {
		return false
	}
	for _, dir := range t.directories {
		if strings.HasPrefix(named.Name(), dir) {
			return true
		}
	}
	pinned := image.Digest
	if d, ok := named.(reference.Digested); ok && pinned == "" {
		pinned = d.Digest().String()
	}
	for _, known := range t.images {
		d, ok := known.(reference.Digested)
		if known.Name() == named.Name() && (!ok || d.Digest().String() == pinned) {
			return true
		}
	}
	return false
}

// toolchainOf returns the toolchain image that a build with a lock has, or that one without
// a lock will have; Digest is "" if it is not known yet.
func toolchainOf(f *deployfile.File, lock *resolver.Lock) resolver.Image {
	if lock != nil {
		return lock.Toolchain
	}
	return resolver.Image{Ref: cmp.Or(f.Environment.Toolchain, f.Environment.Base, frontend.DefaultBase)}
}

// trustsToolchain reports whether the steps of the build may have the user's credentials:
// the image in which they run is trusted, or the user has given it as a build context.
func (s *supplier) trustsToolchain(lock *resolver.Lock) bool {
	if s.options.Contexts["toolchain"] != "" || s.options.Contexts["base"] != "" {
		return true
	}
	return s.trusted.trusts(toolchainOf(s.project.File, lock))
}

// withhold says that a step of the builder would need a credential that it does not get.
func (s *supplier) withhold(what string, lock *resolver.Lock) {
	ref := toolchainOf(s.project.File, lock).Ref
	name := ref
	if named, err := reference.ParseNormalizedNamed(ref); err == nil {
		name = reference.FamiliarName(named)
	}
	s.say("%s passes through this machine: the builder would fetch it with your credential and the programs of %s, which the Deployfile or its lock names; if you trust that image: --trust-toolchain %s", what, ref, name)
}
