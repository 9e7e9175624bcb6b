package resolver

import (
	"context"
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/deployfile/deployfile/toolchain"
	bkllb "github.com/moby/buildkit/client/llb"
	gwclient "github.com/moby/buildkit/frontend/gateway/client"
)

// MissingLibraryError reports a wheel that was built from source and links to a shared
// library that the image would lack.
type MissingLibraryError struct {
	// Wheel and Version are what was built, Library is the library.
	Wheel, Version, Library string
	// Packages are the Debian packages that contain it.
	Packages []string
}

// Error names the line to add.
func (e *MissingLibraryError) Error() string {
	return fmt.Sprintf("%s %s, built from source, links to %s, which the image would lack: %s",
		e.Wheel, e.Version, e.Library, AddPackage("system-packages", e.Packages))
}

// AddPackage says which line to add to the Deployfile for one of the packages; key is
// "system-packages" or "build-packages".
func AddPackage(key string, packages []string) string {
	text := fmt.Sprintf("add %s = [%q] to [environment]", key, packages[0])
	if len(packages) > 1 {
		text += fmt.Sprintf(" (or %s, which %s it, too)", strings.Join(packages[1:], ", "), map[bool]string{true: "contains", false: "contain"}[len(packages) == 2])
	}
	return text
}

// checkLibraries refuses wheels that were built from source and link to a library that
// neither the base nor its Debian packages have, and that a Debian package contains.
// What none contains may come with another wheel; the verify step finds out.
func (r *Resolver) checkLibraries(ctx context.Context, q Request, lock *Lock, bases map[string]*SourceImage) error {
	p := lock.Platform(r.BuildPlatform)
	if p == nil {
		return nil
	}
	var wanted []string
	for _, b := range p.Built {
		wanted = append(wanted, b.Libraries...)
	}
	base := bases[p.Name]
	missing, err := r.lacking(ctx, base.State, p.Name, wanted)
	if err == nil && len(missing) > 0 && len(p.SystemPackages) > 0 {
		installed := toolchain.InstallPackages(base.State, toolchain.Installation{
			Python: lock.Base.Python, Title: PackagesTitle(p.SystemPackages), Packages: Downloads(p.SystemPackages), Limits: r.Limits,
		}, r.Gateway.Constraints...)
		missing, err = r.lacking(ctx, installed, p.Name, missing)
	}
	if err != nil || len(missing) == 0 {
		return err
	}
	providers := r.Providers(ctx, r.Apt(base.State, lock.Base.Python, q.CA), missing)
	for _, b := range p.Built {
		for _, l := range b.Libraries {
			if packages := providers[l]; len(packages) > 0 && slices.Contains(missing, l) {
				return &MissingLibraryError{Wheel: b.Name, Version: b.Version, Library: l, Packages: packages}
			}
		}
	}
	return nil
}

// libraryDirs are the directories in which the loader looks by default, and where
// images of Python have their own library.
func libraryDirs(platform string) []string {
	arch, err := machine(platform)
	if err != nil {
		return nil
	}
	triplet := arch + "-linux-gnu"
	return []string{"/usr/lib/" + triplet, "/lib/" + triplet, "/usr/local/lib", "/usr/lib", "/lib", "/usr/lib64", "/lib64", "/usr/local/lib/" + triplet}
}

// lacking returns those of the libraries that an image does not have.
func (r *Resolver) lacking(ctx context.Context, image bkllb.State, platform string, libraries []string) ([]string, error) {
	if len(libraries) == 0 {
		return nil, nil
	}
	ref, err := r.Gateway.Solve(ctx, image)
	if err != nil {
		return nil, err
	}
	have := map[string]bool{}
	for _, dir := range libraryDirs(platform) {
		entries, err := ref.ReadDir(ctx, gwclient.ReadDirRequest{Path: dir})
		if err != nil {
			continue // not every image has all of them
		}
		for _, e := range entries {
			have[path.Base(e.Path)] = true
		}
	}
	return slices.DeleteFunc(slices.Clone(libraries), func(l string) bool { return have[l] }), nil
}

// packageName matches the name of a Debian package (Debian policy, 5.6.7).
var packageName = regexp.MustCompile(`^[a-z0-9][a-z0-9+.-]+$`)

// Providers asks the apt of an image which Debian packages contain files: shared
// libraries ("libgomp.so.1"), headers ("sql.h") or programs ("pg_config"). It returns
// the packages by file, at most three for each. A file that none contains is missing in
// the answer, and so is everything if apt cannot be asked: the answer is for a hint.
func (r *Resolver) Providers(ctx context.Context, image toolchain.Toolchain, files []string) map[string][]string {
	wanted := map[string][]string{}
	for _, f := range files {
		wanted[f] = placesOf(f, r.BuildPlatform)
	}
	ref, err := r.Gateway.Step(ctx, image, toolchain.Step{
		Name:     "look for the Debian packages of " + strings.Join(files, ", "),
		Script:   script("provides.py"),
		Args:     []string{requestDir + "/request.json"},
		Mounts:   []toolchain.Mount{request(image, map[string]any{"files": wanted})},
		Network:  true,
		Programs: true,
	})
	if err != nil {
		return nil
	}
	var found map[string][]string
	if r.Gateway.ReadJSON(ctx, ref, "provides.json", &found) != nil {
		return nil
	}
	for f, packages := range found {
		if found[f] = slices.DeleteFunc(packages, func(p string) bool { return !packageName.MatchString(p) }); len(found[f]) == 0 {
			delete(found, f)
		}
	}
	return found
}

// placesOf lists the paths, without the leading slash, at which a file is found.
func placesOf(file, platform string) []string {
	dirs := []string{"/usr/bin", "/bin", "/usr/sbin", "/sbin"}
	switch {
	case strings.Contains(file, ".so"):
		dirs = libraryDirs(platform)
	case strings.HasSuffix(file, ".h") || strings.HasSuffix(file, ".hpp"):
		dirs = []string{"/usr/include"}
		for _, lib := range libraryDirs(platform)[:1] {
			dirs = append(dirs, "/usr/include/"+path.Base(lib))
		}
	}
	out := make([]string, len(dirs))
	for i, dir := range dirs {
		out[i] = strings.TrimPrefix(path.Join(dir, file), "/")
	}
	return out
}
