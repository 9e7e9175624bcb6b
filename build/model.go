package build

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/deployfile/deployfile/frontend"
	"github.com/deployfile/deployfile/internal/modelstore"
	"github.com/deployfile/deployfile/internal/terminal"
	"github.com/deployfile/deployfile/modelsource"
	"github.com/deployfile/deployfile/resolver"
	"github.com/docker/go-units"
	"github.com/moby/buildkit/client"
	"github.com/moby/buildkit/session/secrets"
	"github.com/moby/buildkit/solver/errdefs"
	"github.com/moby/buildkit/solver/pb"
)

// supplyModel gives a build a model that the Deployfile names in a store: what it stands
// for, unless the lock says so, and its files, or how the builder's steps fetch them.
// The caller calls the function that it returns when the build has ended. The artifact is
// what an oci:// source is pinned to, nil for another.
func supplyModel(ctx context.Context, opt *client.SolveOpt, o Options) (close func(), artifact *modelsource.Pin, err error) {
	nothing := func() {}
	known, err := parseTrusted(o.TrustToolchain)
	if err != nil {
		return nothing, nil, err
	}
	p, err := o.project(ctx)
	if err != nil {
		return nothing, nil, nil // the frontend reports it
	}
	source := p.File.Model.Source
	scheme, err := modelsource.Find(source)
	_, listed := scheme.(modelsource.Listed)
	_, oci := scheme.(modelsource.OCI)
	if err != nil || o.Contexts[frontend.ModelContext] != "" {
		return nothing, nil, nil
	}
	files, err := ReadLock(ctx, p.Path+LockSuffix)
	if err != nil {
		return nothing, nil, err
	}
	lock, err := files.Decode()
	if err != nil {
		lock = nil // the frontend reports it
	}
	if oci {
		pin, err := pinArtifact(ctx, source, lock, o)
		if err != nil {
			return nothing, nil, AtModelSource(p, err)
		}
		if pin == nil && lock != nil {
			return nothing, lock.ModelSource, nil
		}
		if pin != nil {
			err = (&supplier{solve: opt}).give(frontend.Supply{Pin: pin}, nil)
		}
		return nothing, pin, err
	}
	s := &supplier{options: o, solve: opt, project: p, trusted: known}
	s.store = storeOptions(p, &s.cache)
	closed := func() {
		if err := s.cache.close(); err != nil {
			s.say("the cache of models: %v", err)
		}
	}
	if listed {
		err = s.supply(ctx, source, lock, err == nil)
	} else {
		err = s.directoryBases(ctx, scheme.Local(source), lock)
	}
	if err != nil {
		closed()
		return nothing, nil, AtModelSource(p, err)
	}
	return closed, nil, nil
}

// ResolveModel asks the store of a project's model what its source stands for now. It
// returns nil for a model that nobody can be asked about, such as a directory.
func ResolveModel(ctx context.Context, p *Project) (*modelsource.Pin, error) {
	return resolveModel(ctx, p, func(*modelstore.Model) error { return nil })
}

// FindModel does the same, and fails if the store has no files of the model.
func FindModel(ctx context.Context, p *Project) (*modelsource.Pin, error) {
	return resolveModel(ctx, p, func(m *modelstore.Model) error {
		_, err := m.Store.List(ctx)
		return err
	})
}

// resolveModel asks the store, and calls a function with what it has said.
func resolveModel(ctx context.Context, p *Project, then func(*modelstore.Model) error) (pin *modelsource.Pin, err error) {
	source := p.File.Model.Source
	scheme, err := modelsource.Find(source)
	if err != nil {
		return nil, err
	}
	switch scheme.(type) {
	case modelsource.Archive:
		// Only who fetches all of it knows.
		return nil, nil
	case modelsource.Listed:
		var cache userCache
		defer func() { err = errors.Join(err, cache.close()) }()
		m, err := modelstore.Resolve(ctx, source, storeOptions(p, &cache))
		if err != nil {
			return nil, err
		}
		return &m.Pin, then(m)
	case modelsource.OCI:
		return resolveArtifact(ctx, source)
	}
	return nil, nil
}

// supplier supplies a build with a model.
type supplier struct {
	options Options
	solve   *client.SolveOpt
	project *Project
	trusted trusted
	store   modelstore.Options
	cache   userCache
	// found are weights that the model refers to, sends says that the client sends them.
	found []frontend.Base
	sends bool
}

func (s *supplier) supply(ctx context.Context, source string, lock *resolver.Lock, readable bool) error {
	locks := s.options.Target == frontend.OutputLock
	upgrades := locks && frontend.UpgradesModel(s.options.Args)
	fits := lock != nil && lock.ModelSource != nil && lock.ModelSource.Source == source
	switch {
	case !fits && (lock != nil || !readable) && !locks:
		return nil // the frontend reports a lock of another model
	case !fits || upgrades:
		return s.resolve(ctx, source, locks)
	}
	store, err := modelstore.Reopen(*lock.ModelSource, s.store)
	if err != nil {
		return err
	}
	var files []modelstore.File
	if err := s.giveBases(ctx, lock, nil); err != nil {
		return err
	}
	own, _ := lock.ModelFiles()
	for _, f := range own {
		files = append(files, modelstore.File{Path: f.Path, Size: f.Size, SHA256: f.SHA256, Revision: lock.ModelSource.Revisions[f.Path]})
	}
	access, err := store.Access(ctx, files)
	if err != nil {
		return err
	}
	if access != nil && access.Secret() && !s.trustsToolchain(lock) {
		s.withhold("the model", lock)
		access = nil
	}
	if access != nil {
		return s.give(frontend.Supply{Secret: true}, access)
	}
	return s.send(ctx, store, lock.ModelSource.Resolved, files, nil, locks)
}

// resolve asks the store what the source stands for, and sends it.
func (s *supplier) resolve(ctx context.Context, source string, locks bool) error {
	m, err := modelstore.Resolve(ctx, source, s.store)
	if err != nil {
		return err
	}
	files, err := m.Store.List(ctx)
	if err != nil {
		return err
	}
	m.Pin.Revisions = modelstore.Revisions(files)
	if s.found, err = s.listedBases(ctx, m, files); err != nil {
		return err
	}
	s.say("%s is %s: %s", source, m.Pin.Resolved, describe(files))
	return s.send(ctx, m.Store, m.Pin.Location, files, &m.Pin, locks)
}

func describe(files []modelstore.File) string {
	total := int64(0)
	for _, f := range files {
		total += max(f.Size, 0)
	}
	return fmt.Sprintf("%d files, %s", len(files), units.HumanSize(float64(total)))
}

// send downloads files into the user's cache, and sends them to the builder from there:
// all of them or, where it makes a lock of their hashes, only those that it reads.
func (s *supplier) send(ctx context.Context, store modelstore.Store, name string, files []modelstore.File, pin *modelsource.Pin, locks bool) error {
	cache, err := s.cache.open()
	if err != nil {
		return err
	}
	if locks && pin == nil {
		// Their hashes are locked, and what is large has nothing that a lock needs.
		var small []modelstore.File
		for _, f := range files {
			if f.Size < modelsource.LargeFile {
				small = append(small, f)
			}
		}
		if _, err = modelstore.Download(ctx, cache, store, name, small); err != nil {
			return err
		}
	}
	var have []modelsource.File
	if locks && pin == nil {
		for _, f := range files {
			have = append(have, modelsource.File{Path: f.Path, Size: f.Size, SHA256: f.SHA256})
		}
	} else if have, err = modelstore.Download(ctx, cache, store, name, files); err != nil {
		return err
	}
	given, sent := frontend.Supply{Pin: pin, Sends: true}, have
	if locks {
		given.Files = have
		sent = slices.DeleteFunc(slices.Clone(have), func(f modelsource.File) bool { return f.Size >= modelsource.LargeFile })
	}
	s.solve.LocalMounts[frontend.ModelDirectory] = newModelFS(cache, sent)
	return s.give(given, nil)
}

// give puts into the build's options what the frontend is to know, and the secret of the
// steps that fetch.
func (s *supplier) give(given frontend.Supply, access *modelsource.Access) error {
	given.Bases, given.SendsBases = append(given.Bases, s.found...), s.sends
	data, err := json.Marshal(given)
	if err != nil {
		return err
	}
	s.solve.FrontendAttrs[frontend.AttrModel] = string(data)
	if access == nil {
		return nil
	}
	secret, err := json.Marshal(access)
	if err != nil {
		return err
	}
	more := map[string][]byte{modelsource.AccessSecret: secret}
	for id, value := range access.Session {
		more[id] = []byte(value)
	}
	return s.attach(more)
}

// attach adds secrets to those of the build.
func (s *supplier) attach(more map[string][]byte) error {
	for n, a := range s.solve.Session {
		if others, ok := a.(secrets.SecretsServer); ok {
			s.solve.Session[n] = &withSecrets{SecretsServer: others, more: more}
			return nil
		}
	}
	return errors.New("the session has no secrets")
}

// say tells the user something, where progress is shown to people.
func (s *supplier) say(format string, args ...any) {
	if s.options.Log == nil || slices.Contains([]string{"quiet", "rawjson"}, s.options.Progress) {
		return
	}
	fmt.Fprintln(s.options.Log, terminal.Printable(fmt.Sprintf(format, args...)))
}

// AtModelSource adds to an error the lines of the model that it is about, else that of
// [model] source.
func AtModelSource(p *Project, err error) error {
	if sources := frontend.FaultSources(err); len(sources) > 0 {
		for _, s := range sources {
			err = errdefs.WithSource(err, s)
		}
		return err
	}
	r, _ := p.File.Position("model", "source")
	return errdefs.WithSource(fmt.Errorf("model.source: %w", err), &errdefs.Source{
		Info: &pb.SourceInfo{Filename: p.Path, Data: p.Source, Language: "toml"},
		Ranges: []*pb.Range{{
			Start: &pb.Position{Line: int32(r.Start.Line), Character: int32(r.Start.Column - 1)},
			End:   &pb.Position{Line: int32(r.End.Line), Character: int32(r.End.Column - 1)},
		}},
	})
}
