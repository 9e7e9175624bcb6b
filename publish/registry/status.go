package registry

import (
	"context"
	"fmt"
	"strings"

	"github.com/deployfile/deployfile/publish"
)

// Status implements publish.Publisher. A registry serves if it has the image of
// the newest revision, and all tags name it.
func (p *Publisher) Status(ctx context.Context) (*publish.Status, error) {
	records, err := p.records(ctx)
	if err != nil {
		return nil, err
	}
	if len(records) == 0 {
		return &publish.Status{}, nil
	}
	newest := records[0]
	s := &publish.Status{Revision: &newest.Revision}
	w, err := p.wanted(newest.Documents)
	if err != nil {
		return nil, fmt.Errorf("record of revision %d: %w", newest.Number, err)
	}
	var wrong []string
	if _, there, err := p.client.digest(ctx, p.repository.Digest(newest.Image.String())); err != nil {
		return nil, err
	} else if !there {
		wrong = append(wrong, "there is no image "+named(p.called, newest.Image)+" any more")
	}
	moves, err := p.moves(ctx, w, newest.Image, records, true)
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
