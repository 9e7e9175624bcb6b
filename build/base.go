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
func (s *supplier) directoryBases(ctx context.Context, p *Project, dir string, lock *resolver.Lock) error {
	file := filepath.ToSlash(filepath.Join(dir, "MLmodel"))
	data, err := untrusted.Wait(ctx, func() ([]byte, error) { return ReadIn(p.Dir, file, maxMLmodel) })
	if err != nil {
		return nil // the frontend reports it
	}
	bases, err := s.bases(ctx, file, data, lock)
	if err != nil || bases == nil {
		return err
	}
	return s.give(frontend.Supply{Bases: bases}, nil)
}

// bases returns the weights that an MLmodel file refers to and that the lock does not have,
// with the hashes of their files. Steps that fetch them get the user's token of the hub.
func (s *supplier) bases(ctx context.Context, file string, text []byte, lock *resolver.Lock) ([]frontend.Base, error) {
	refs, err := mlmodel.HubReferences(text)
	if err != nil || len(refs) == 0 {
		return nil, nil // the frontend reports the error
	}
	if err := s.hubSecrets(); err != nil {
		return nil, err
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
	return out, nil
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

// hubSecrets gives the build's steps the user's token of the hub.
func (s *supplier) hubSecrets() error {
	secrets, err := modelstore.HubSecrets(s.store)
	if err != nil {
		return err
	}
	return s.attach(secrets)
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
