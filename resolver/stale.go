package resolver

import (
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/deployfile/deployfile/modelsource"
)

// ContextRef is the prefix of a build context's name in Image.Ref.
const ContextRef = "context:"

// Stale lists how the lock differs from a new one, one phrase per difference,
// nil if it is up to date: changed inputs, missing platforms, images that do
// not match its inputs, and pylock files, by name, that do not belong to it. It
// does not look at registries, indexes and the model's files; see ModelChanges.
func (l *Lock) Stale(now Inputs, platforms []string, pylocks map[string][]byte) []string {
	out := l.Inputs.Changes(now)
	if len(out) == 0 {
		// A merge of two locks may combine the inputs of one with the images of the
		// other.
		out = append(out, l.otherImages()...)
	}
	for _, p := range platforms {
		if l.Platform(p) == nil {
			out = append(out, fmt.Sprintf("platform %s is not in it; name it in [image] platforms, or give deployfile lock the same --platform", p))
		}
	}
	if err := l.VerifyPylocks(pylocks); err != nil {
		out = append(out, err.Error())
	}
	return out
}

// SourceChanges says how the pin of the model's source differs from the locked one;
// nil is a source without a pin.
func (l *Lock) SourceChanges(now *modelsource.Pin) []string {
	switch was := l.ModelSource; {
	case was == nil && now != nil && now.Resolved == "":
		return []string{fmt.Sprintf("model.source is now %q", now.Source)}
	case was != nil && now != nil && now.Resolved == "":
		return []string{fmt.Sprintf("model.source was %q and is now %q", was.Source, now.Source)}
	case was == nil && now != nil:
		return []string{fmt.Sprintf("model.source is now %q (%s)", now.Source, now.Resolved)}
	case was != nil && now == nil:
		return []string{fmt.Sprintf("model.source was %q (%s) and is now a source without a pin", was.Source, was.Resolved)}
	case was != nil && !reflect.DeepEqual(was, now):
		return []string{fmt.Sprintf("model.source was %q (%s) and is now %q (%s)", was.Source, was.Resolved, now.Source, now.Resolved)}
	}
	return nil
}

// otherImages lists the images that are neither those of the lock's own inputs
// nor build contexts. A toolchain without a name in the Deployfile stays when
// the base changes.
func (l *Lock) otherImages() []string {
	var out []string
	for _, x := range []struct{ name, want, locked string }{
		{"base", l.Inputs.Base, l.Base.Ref},
		{"toolchain", l.Inputs.Toolchain, l.Toolchain.Ref},
	} {
		if x.want != "" && x.locked != x.want && !strings.HasPrefix(x.locked, ContextRef) {
			out = append(out, fmt.Sprintf("it was made for the %s %q and has the digest of %q (a merge conflict?)", x.name, x.want, x.locked))
		}
	}
	return out
}

// Changes lists how the inputs differ from those of a lock, one phrase per
// difference, nil if they are the same. Where the Deployfile does not say what has
// changed, a phrase has the reason.
func (i Inputs) Changes(now Inputs) []string {
	var out []string
	because := func(input string) string {
		if reason := now.Reasons[input]; reason != "" {
			return ", because " + reason
		}
		return ""
	}
	value := func(what, was, is string) {
		if was != is {
			out = append(out, fmt.Sprintf("%s was %q and is now %q%s", what, was, is, because(what)))
		}
	}
	list := func(what string, was, is []string) {
		before := len(out)
		had, has := set(was), set(is)
		for _, x := range is {
			if !had[x] {
				out = append(out, fmt.Sprintf("%s %q was added%s", what, x, because(what+" "+x)))
			}
		}
		for _, x := range was {
			if !has[x] {
				out = append(out, fmt.Sprintf("%s %q was removed", what, x))
			}
		}
		if len(out) == before && !slices.Equal(was, is) {
			out = append(out, fmt.Sprintf("the order of the %ss changed", what))
		}
	}
	value("python", i.Python, now.Python)
	value("base", i.Base, now.Base)
	value("toolchain", i.Toolchain, now.Toolchain)
	value("mlflow", i.MLflow, now.MLflow)
	list("requirement", i.Requirements, now.Requirements)
	list("constraint", i.Constraints, now.Constraints)
	list("override", i.Override, now.Override)
	list("without", i.Without, now.Without)
	list("option", i.Options, now.Options)
	list("index", i.Indexes, now.Indexes)
	list("system package", i.SystemPackages, now.SystemPackages)
	list("build package", i.BuildPackages, now.BuildPackages)
	return out
}

func set(values []string) map[string]bool {
	out := make(map[string]bool, len(values))
	for _, v := range values {
		out[v] = true
	}
	return out
}
