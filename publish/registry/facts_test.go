package registry

import (
	"strings"
	"testing"

	"github.com/deployfile/deployfile/manifests"
	"github.com/deployfile/deployfile/publish"
	store "github.com/deployfile/deployfile/publish/store/registry"
	v1 "github.com/google/go-containerregistry/pkg/v1"
)

func hash(digit string) *v1.Hash {
	return &v1.Hash{Algorithm: "sha256", Hex: strings.Repeat(digit, 64)}
}

// rolled is the record of a rollout that lets tags name an image.
func rolled(image *v1.Hash, tags string, facts map[string]string) publish.Record {
	facts[store.FactImage] = image.String()
	return publish.Record{
		Revision: publish.Revision{Documents: []manifests.Document{{Name: "image.yaml", Body: []byte("tags: [" + tags + "]\n")}}},
		Facts:    facts,
	}
}

// TestMovesOf undoes what a rollout has done, and nothing else.
func TestMovesOf(t *testing.T) {
	old, image, other := hash("1"), hash("2"), hash("3")
	facts := func() map[string]string {
		return map[string]string{"tag.stable": old.String(), "tag.new": "", "tag.dropped": old.String(), "tag.../../../other/manifests/latest": old.String()}
	}
	left := rolled(image, "new, stable", facts())
	for name, x := range map[string]struct {
		previous *publish.Record
		tag      string
		now      *v1.Hash
		want     *v1.Hash
	}{
		"moved":              {nil, "stable", image, old},
		"not yet moved":      {nil, "stable", old, old},
		"moved by others":    {nil, "stable", other, other},
		"created":            {nil, "new", image, nil},
		"not yet created":    {nil, "new", nil, nil},
		"deleted":            {nil, "dropped", nil, old},
		"not yet deleted":    {nil, "dropped", old, old},
		"set by others":      {nil, "dropped", other, other},
		"of another record":  {nil, "unknown", image, image},
		"wanted anyway":      {new(rolled(image, "stable", map[string]string{})), "stable", image, image},
		"wanted as it was":   {new(rolled(old, "stable", map[string]string{})), "stable", image, old},
		"not wanted, though": {new(rolled(image, "stable", map[string]string{})), "new", image, nil},
	} {
		t.Run(name, func(t *testing.T) {
			got := x.now
			for _, m := range movesOf(left, x.previous) {
				if !strings.HasPrefix(m.tag, "stable") && m.tag != "new" && m.tag != "dropped" {
					t.Errorf("the tag %q is moved", m.tag)
				}
				if m.tag == x.tag {
					got = m.undone(x.now)
				}
			}
			if (got == nil) != (x.want == nil) || got != nil && *got != *x.want {
				t.Errorf("it names %v, want %v", got, x.want)
			}
		})
	}
	if moves := movesOf(publish.Record{Facts: map[string]string{"tag.stable": ""}}, nil); moves != nil {
		t.Errorf("a record without an image has moved %v", moves)
	}
}
