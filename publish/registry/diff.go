package registry

import (
	"context"
	"fmt"
	"strings"

	"github.com/deployfile/deployfile/manifests"
	"github.com/deployfile/deployfile/publish"
)

// Diff implements publish.Driver: the image, if it is not in the repository
// yet, and the tags that would move. It reads manifests only.
func (d *driver) Diff(ctx context.Context, records []publish.Record, documents []manifests.Document) ([]publish.Change, error) {
	w, err := d.wanted(documents)
	if err != nil {
		return nil, err
	}
	var changes []publish.Change
	image, there, err := d.find(ctx, w, records)
	if err != nil {
		return nil, err
	}
	if !there {
		changes = append(changes, publish.Change{Action: "create", Object: "Image " + d.named(image), Diff: "+" + w.Source})
	}
	moves, err := d.moves(ctx, w.Image, image, records, d.look, true)
	if err != nil {
		return nil, err
	}
	for _, m := range moves {
		changes = append(changes, m.change(d.called))
	}
	return changes, nil
}

func (m tagMove) change(repository string) publish.Change {
	c := publish.Change{Action: "update", Object: "Tag " + repository + ":" + m.tag}
	var lines []string
	if m.from != nil {
		lines = append(lines, "-"+m.from.String())
	} else {
		c.Action = "create"
	}
	if m.to != nil {
		lines = append(lines, "+"+m.to.String())
	} else {
		c.Action = "delete"
	}
	c.Diff = strings.Join(lines, "\n")
	if m.conflict != "" {
		c.Conflicts = []string{m.conflict}
	}
	return c
}

// Status implements publish.Driver. A repository is ready if it has the image of
// the newest revision, and all tags name it.
func (d *driver) Status(ctx context.Context, records []publish.Record, newest *publish.Record) (*publish.Status, error) {
	s := &publish.Status{}
	if newest == nil {
		return s, nil
	}
	w, err := d.wanted(newest.Documents)
	if err != nil {
		return nil, d.broken(*newest, err)
	}
	image, _ := imageOf(*newest)
	var wrong []string
	if _, there, err := d.client.Digest(ctx, d.repository.Digest(image.String())); err != nil {
		return nil, err
	} else if !there {
		wrong = append(wrong, "there is no image "+d.named(image)+" any more")
	}
	moves, err := d.moves(ctx, w.Image, image, records, d.look, true)
	if err != nil {
		return nil, err
	}
	for _, m := range moves {
		if m.from == nil {
			wrong = append(wrong, fmt.Sprintf("there is no tag %s any more", m.tag))
		} else {
			wrong = append(wrong, fmt.Sprintf("tag %s names %s, not %s", m.tag, m.from, m.to))
		}
	}
	s.Ready, s.Message = len(wrong) == 0, strings.Join(wrong, "; ")
	return s, nil
}
