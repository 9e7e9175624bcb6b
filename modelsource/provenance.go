package modelsource

import (
	"net/url"

	"github.com/deployfile/deployfile/imagespec"
)

// Fact is one thing that a pin says of where a model comes from.
type Fact struct {
	// Label is the name of the annotation that says it.
	Label string
	Value string
}

// Provenance returns where the model comes from, without what is not known and without
// the query of an address, which may be a credential. It names no server: an image may go
// to people who are to learn of none.
func (p *Pin) Provenance() []Fact {
	if p == nil {
		return nil
	}
	var out []Fact
	for _, f := range []Fact{
		{imagespec.LabelModelSource, public(p.Source)},
		{imagespec.LabelModelResolved, public(p.Resolved)},
		{imagespec.LabelModelRegisteredName, p.Name},
		{imagespec.LabelModelRegisteredVersion, p.Version},
		{imagespec.LabelModelAlias, p.Alias},
		{imagespec.LabelModelID, p.ModelID},
		{imagespec.LabelModelRunID, p.RunID},
		{imagespec.LabelModelExperiment, p.Experiment},
		{imagespec.LabelModelCommit, p.Commit},
	} {
		if f.Value != "" {
			out = append(out, f)
		}
	}
	return out
}

// public returns a source without what may be a credential of it: the user's name and
// password, and the query, of an address on the web.
func public(source string) string {
	if !(Archive{}).Match(source) {
		return source
	}
	u, err := url.Parse(source)
	if err != nil {
		return ""
	}
	u.User, u.RawQuery, u.ForceQuery = nil, "", false
	return u.String()
}
