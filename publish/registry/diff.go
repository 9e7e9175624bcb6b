package registry

import (
	"context"
	"strings"

	"github.com/deployfile/deployfile/manifests"
	"github.com/deployfile/deployfile/publish"
)

// Diff implements publish.Publisher: the image, if it is not in the repository
// yet, and the tags that would move. It reads manifests only.
func (p *Publisher) Diff(ctx context.Context, documents []manifests.Document) ([]publish.Change, error) {
	w, err := p.wanted(documents)
	if err != nil {
		return nil, err
	}
	records, err := p.records(ctx)
	if err != nil {
		return nil, err
	}
	var changes []publish.Change
	image, there, err := p.find(ctx, w, records)
	if err != nil {
		return nil, err
	}
	if !there {
		changes = append(changes, publish.Change{Action: "create", Object: "Image " + named(p.called, image), Diff: "+" + w.Source})
	}
	moves, err := p.moves(ctx, w, image, records, true)
	if err != nil {
		return nil, err
	}
	for _, m := range moves {
		changes = append(changes, m.change(p.called))
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
