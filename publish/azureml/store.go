package azureml

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"strings"
	"time"

	api "github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/machinelearning/armmachinelearning/v4"

	"github.com/deployfile/deployfile/manifests"
	"github.com/deployfile/deployfile/publish"
	"github.com/deployfile/deployfile/publish/internal/tags"
)

// lease is how far a renewal extends a deadline. Renewing costs two requests.
const lease = 2 * time.Minute

// attemptPath begins the path that holds the attempt in a record's environment.
const attemptPath = "/attempt/"

// store keeps the record of revision N in the tags of version N of an environment that
// nothing runs. Making that version is the lock: Azure lets nobody change what it has
// beside its tags, so each attempt puts its own text there, as the path of a route.
type store struct{ *connection }

// records is the name of the environment. No endpoint has one with an underscore.
func (c *connection) records() string { return c.endpoint + "_records" }

// Lease implements publish.Store.
func (s *store) Lease() time.Duration { return lease }

// versionOf returns the version that has the record of a revision.
func (c *connection) versionOf(number int) string { return manifests.RevisionTag(c.endpoint, number) }

// List implements publish.Store.
func (s *store) List(ctx context.Context) (out []publish.Record, err error) {
	err = s.versions(ctx, s.records(), func(v *api.EnvironmentVersion) error {
		number, ok := manifests.RevisionOfTag(s.endpoint, deref(v.Name))
		if !ok || v.Properties == nil {
			return nil
		}
		r, err := records().Decode(plain(v.Properties.Tags))
		if err == nil && (r.Number != number || r.State.Live.Target.Endpoint != s.endpoint || attemptOf(v) != r.Attempt) {
			err = fmt.Errorf("it is of revision %d of %s", r.Number, r.State.Live.Target.Endpoint)
		}
		if err != nil {
			return fmt.Errorf("version %s of environment %s has no record in its tags, so it was not made by deployfile: delete it, or set another endpoint for the target: %w", deref(v.Name), s.records(), err)
		}
		out = append(out, r)
		return nil
	})
	return out, err
}

// versions calls do with each version of an environment, of which there may be none.
func (c *connection) versions(ctx context.Context, name string, do func(*api.EnvironmentVersion) error) error {
	pages := c.environments.NewListPager(c.group, c.workspace, name, nil)
	for pages.More() {
		page, err := pages.NextPage(ctx)
		if missing(err) {
			return nil
		}
		if err != nil {
			return refused("list the versions of environment "+name, err)
		}
		for _, v := range page.Value {
			if v == nil {
				continue
			}
			if err := do(v); err != nil {
				return err
			}
		}
	}
	return nil
}

// plain returns tags without pointers.
func plain(in map[string]*string) map[string]string {
	out := map[string]string{}
	for key, value := range in {
		out[key] = deref(value)
	}
	return out
}

func pointers(in map[string]string) map[string]*string {
	out := map[string]*string{}
	for key, value := range in {
		out[key] = &value
	}
	return out
}

// attemptOf returns the attempt of the rollout that made a record's version.
func attemptOf(v *api.EnvironmentVersion) string {
	if v.Properties == nil || v.Properties.InferenceConfig == nil || v.Properties.InferenceConfig.ScoringRoute == nil {
		return ""
	}
	attempt, _ := strings.CutPrefix(deref(v.Properties.InferenceConfig.ScoringRoute.Path), attemptPath)
	return attempt
}

// put makes a record's version or changes its tags.
func (s *store) put(ctx context.Context, r publish.Record, with map[string]string) error {
	route := &api.Route{Path: ptr(attemptPath + r.Attempt), Port: ptr(int32(1))}
	_, err := s.environments.CreateOrUpdate(ctx, s.group, s.workspace, s.records(), s.versionOf(r.Number), api.EnvironmentVersion{Properties: &api.EnvironmentVersionProperties{
		Image: ptr(r.State.Live.Image), OSType: ptr(api.OperatingSystemTypeLinux), Tags: pointers(with),
		InferenceConfig: &api.InferenceContainerProperties{LivenessRoute: route, ReadinessRoute: route, ScoringRoute: route},
	}}, nil)
	return err
}

// get returns a record's version, nil if there is none or another attempt's.
func (s *store) get(ctx context.Context, r publish.Record) (*api.EnvironmentVersion, error) {
	v, err := s.environments.Get(ctx, s.group, s.workspace, s.records(), s.versionOf(r.Number), nil)
	if missing(err) {
		return nil, nil
	}
	if err != nil {
		return nil, refused("look for version "+s.versionOf(r.Number)+" of environment "+s.records(), err)
	}
	if attemptOf(&v.EnvironmentVersion) != r.Attempt {
		return nil, nil
	}
	return &v.EnvironmentVersion, nil
}

// records is how tags keep records: a resource has at most 50, of which users may have
// some.
func records() tags.Scheme { return tags.Scheme{Prefix: "deployfile-", Parts: 40} }

// Create implements publish.Store. It looks again, because which of two wins is Azure's
// to say.
func (s *store) Create(ctx context.Context, r publish.Record) error {
	with, err := records().Encode(r)
	if err != nil {
		return err
	}
	name := "version " + s.versionOf(r.Number) + " of environment " + s.records()
	if err := s.put(ctx, r, with); registered(err) {
		return fmt.Errorf("%s: %w", name, publish.ErrExists)
	} else if err != nil {
		return refused("make "+name, err)
	}
	v, err := s.get(ctx, r)
	if err == nil && v == nil {
		err = fmt.Errorf("%s: %w", name, publish.ErrExists)
	}
	return err
}

// Update implements publish.Store.
func (s *store) Update(ctx context.Context, r publish.Record) error {
	name := "version " + s.versionOf(r.Number) + " of environment " + s.records()
	v, err := s.get(ctx, r)
	if err != nil {
		return err
	}
	if v == nil {
		return fmt.Errorf("%s: %w", name, publish.ErrGone)
	}
	with := plain(v.Properties.Tags)
	maps.Copy(with, records().Progress(r))
	// The image is the recorded one: r may have been read by another version.
	r.State.Live.Image = deref(v.Properties.Image)
	err = s.put(ctx, r, with)
	if registered(err) {
		return fmt.Errorf("%s: %w", name, errors.Join(publish.ErrGone, err))
	}
	return refused("change the tags of "+name, err)
}

// Delete implements publish.Store.
func (s *store) Delete(ctx context.Context, r publish.Record) error {
	v, err := s.get(ctx, r)
	if err != nil || v == nil {
		return err
	}
	return s.forget(ctx, s.records(), s.versionOf(r.Number))
}

// forget deletes a version of an environment.
func (c *connection) forget(ctx context.Context, name, version string) error {
	_, err := c.environments.Delete(ctx, c.group, c.workspace, name, version, nil)
	if missing(err) {
		return nil
	}
	return refused("delete version "+version+" of environment "+name, err)
}
