package build

import (
	"context"
	"path/filepath"
	"slices"
	"strings"

	"github.com/deployfile/deployfile/frontend"
	"github.com/deployfile/deployfile/internal/modelstore"
	"github.com/deployfile/deployfile/internal/untrusted"
	"github.com/deployfile/deployfile/mlmodel"
	"github.com/deployfile/deployfile/modelsource"
	"github.com/deployfile/deployfile/resolver"
)

// maxMLmodel is the size of the largest MLmodel file that is read, in bytes.
const maxMLmodel = 8 << 20

// directoryBases gives a build the weights on a hub that a model in the build context
// refers to.
func (s *supplier) directoryBases(ctx context.Context, dir string, lock *resolver.Lock) error {
	file := filepath.ToSlash(filepath.Join(dir, "MLmodel"))
	data, err := untrusted.Wait(ctx, func() ([]byte, error) { return ReadIn(s.project.Dir, file, maxMLmodel) })
	if err != nil {
		return nil // the frontend reports it
	}
	bases, err := s.bases(ctx, file, data, lock)
	if err != nil || bases == nil && !s.sends {
		return err
	}
	return s.give(frontend.Supply{Bases: bases}, nil)
}

// bases returns the weights that an MLmodel file refers to and that the lock does not have,
// with the hashes of their files.
func (s *supplier) bases(ctx context.Context, file string, text []byte, lock *resolver.Lock) ([]frontend.Base, error) {
	refs, err := mlmodel.HubReferences(text)
	if err != nil || len(refs) == 0 {
		return nil, nil // the frontend reports the error
	}
	var out []frontend.Base
	for _, r := range refs {
		base := frontend.BaseOf(r)
		if lock != nil && slices.ContainsFunc(lock.ModelBase, func(p modelsource.Pin) bool { return p.Source == base.Source() }) {
			continue
		}
		b, err := s.base(ctx, base)
		if err != nil {
			return nil, mlmodel.HubUnreachable(file, text, r.Repository, err)
		}
		out = append(out, *b)
	}
	return out, s.giveBases(ctx, lock, out)
}

// base asks the hub for a repository's files. Those of which it does not say the hash are
// downloaded.
func (s *supplier) base(ctx context.Context, base modelsource.Base) (*frontend.Base, error) {
	m, files, err := modelstore.ResolveBase(ctx, base, s.store)
	if err != nil {
		return nil, err
	}
	s.say("the model's weights are %s: %s", m.Pin.Source, describe(files))
	cache, err := s.cache.open()
	if err != nil {
		return nil, err
	}
	unknown := slices.DeleteFunc(slices.Clone(files), func(f modelstore.File) bool { return f.SHA256 != "" })
	hashed, err := modelstore.Download(ctx, cache, m.Store, m.Pin.Location, unknown)
	if err != nil {
		return nil, err
	}
	for _, f := range files {
		if f.SHA256 != "" {
			hashed = append(hashed, modelsource.File{Path: f.Path, Size: f.Size, SHA256: f.SHA256})
		}
	}
	for n := range hashed {
		hashed[n].Path = base.Dir() + "/" + hashed[n].Path
	}
	slices.SortFunc(hashed, func(a, b modelsource.File) int { return strings.Compare(a.Path, b.Path) })
	return &frontend.Base{Pin: m.Pin, Files: hashed}, nil
}

// giveBases gives the steps that fetch weights the user's token of the hub if there is one,
// or sends the weights, those of the lock and those that were found.
func (s *supplier) giveBases(ctx context.Context, lock *resolver.Lock, found []frontend.Base) error {
	all := append(lockedBases(lock), found...)
	secrets, err := modelstore.HubSecrets(s.store)
	if err != nil || len(all) == 0 || secrets == nil {
		return err
	}
	if s.trustsToolchain(lock) {
		return s.attach(secrets)
	}
	if s.options.Target == frontend.OutputLock {
		return nil // which needs their hashes alone
	}
	s.withhold("what the model takes from a hub", lock)
	cache, err := s.cache.open()
	if err != nil {
		return err
	}
	var sent []modelsource.File
	for _, b := range all {
		store, err := modelstore.Reopen(b.Pin, s.store)
		if err != nil {
			return err
		}
		n, err := modelsource.ParseHub(b.Pin.Source)
		if err != nil {
			return err
		}
		dir := modelsource.Base{Repository: n.Repository, Commit: n.Revision}.Dir()
		var files []modelstore.File
		for _, f := range b.Files {
			if name, ok := strings.CutPrefix(f.Path, dir+"/"); ok {
				files = append(files, modelstore.File{Path: name, Size: f.Size, SHA256: f.SHA256})
				sent = append(sent, f)
			}
		}
		if _, err := modelstore.Download(ctx, cache, store, b.Pin.Location, files); err != nil {
			return err
		}
	}
	s.sends = true
	s.solve.LocalMounts[frontend.ModelBases] = newModelFS(cache, sent)
	return nil
}

// lockedBases returns the weights that a lock has.
func lockedBases(lock *resolver.Lock) []frontend.Base {
	if lock == nil {
		return nil
	}
	_, files := lock.ModelFiles()
	var out []frontend.Base
	for _, pin := range lock.ModelBase {
		out = append(out, frontend.Base{Pin: pin, Files: files})
	}
	return out
}

// listedBases returns the weights that a model in a store refers to.
func (s *supplier) listedBases(ctx context.Context, m *modelstore.Model, files []modelstore.File) ([]frontend.Base, error) {
	n := slices.IndexFunc(files, func(f modelstore.File) bool { return f.Path == "MLmodel" })
	if n < 0 || files[n].Size > maxMLmodel {
		return nil, nil // the frontend reports it
	}
	body, _, err := m.Store.Open(ctx, files[n], 0)
	if err != nil {
		return nil, err
	}
	defer body.Close()
	text, err := untrusted.ReadAll(body, "MLmodel", maxMLmodel)
	if err != nil {
		return nil, err
	}
	return s.bases(ctx, "MLmodel", text, nil)
}
