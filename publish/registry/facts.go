package registry

import (
	"context"
	"maps"
	"slices"
	"strings"

	registrykind "github.com/deployfile/deployfile/manifests/registry"
	"github.com/deployfile/deployfile/publish"
	store "github.com/deployfile/deployfile/publish/store/registry"
	v1 "github.com/google/go-containerregistry/pkg/v1"
)

// factTag begins the names of the facts that say what a tag named before the
// rollout that moves it, "" for nothing, so that it can be moved back from any
// machine.
const factTag = "tag."

func factsOf(image v1.Hash, moves []tagMove) map[string]string {
	facts := map[string]string{store.FactImage: image.String()}
	for _, m := range moves {
		facts[factTag+m.tag] = ""
		if m.from != nil {
			facts[factTag+m.tag] = m.from.String()
		}
	}
	return facts
}

// imageOf returns the digest of a record's image in the repository; ok is false for
// a record that does not have one.
func imageOf(r publish.Record) (image v1.Hash, ok bool) {
	image, err := v1.NewHash(r.Facts[store.FactImage])
	return image, err == nil
}

// movesOf returns by its facts the moves of a record's rollout that a failure has to
// undo, in alphabetical order: not those to what the previous revision wants anyway.
func movesOf(r publish.Record, previous *publish.Record) []tagMove {
	image, ok := imageOf(r)
	if !ok {
		return nil
	}
	var stay []string
	if previous != nil && previous.Facts[store.FactImage] == image.String() {
		stay = tagsOf(*previous)
	}
	var out []tagMove
	for _, fact := range slices.Sorted(maps.Keys(r.Facts)) {
		tag, ok := strings.CutPrefix(fact, factTag)
		if !ok || !registrykind.IsTag(tag) || slices.Contains(stay, tag) && slices.Contains(tagsOf(r), tag) {
			continue
		}
		m := tagMove{tag: tag}
		if from, err := v1.NewHash(r.Facts[fact]); err == nil {
			m.from = &from
		}
		if slices.Contains(tagsOf(r), tag) {
			m.to = &image
		}
		out = append(out, m)
	}
	return out
}

// undone returns what a tag named before a move, if it names now what the move made
// of it.
func (m tagMove) undone(now *v1.Hash) *v1.Hash {
	if now == nil && m.to == nil || now != nil && m.to != nil && *now == *m.to {
		return m.from
	}
	return now
}

// recovered returns a look that shows tags as they are when what unfinished
// rollouts have moved is moved back.
func (d *driver) recovered(records []publish.Record) look {
	newest := publish.NewestDeployed(records)
	return func(ctx context.Context, tag string) (*v1.Hash, error) {
		now, err := d.look(ctx, tag)
		for _, r := range records {
			if r.Phase == publish.Deployed {
				continue
			}
			for _, m := range movesOf(r, newest) {
				if m.tag == tag {
					now = m.undone(now)
				}
			}
		}
		return now, err
	}
}
