package deployfile

import (
	"cmp"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strconv"

	"github.com/distribution/reference"
)

// targetReport checks the keys of one target.
type targetReport struct {
	*report
	Target
	path []string
}

// at is the path of a key of the target, or of one in a table inside it.
func (t *targetReport) at(keys ...string) []string { return append(slices.Clip(t.path), keys...) }

// has says whether the text has the key and nothing was said about it, nor
// about the table that it is in: what is in a misplaced table does not matter.
func (t *targetReport) has(keys ...string) bool {
	for n := range keys {
		if !t.written(t.at(keys[:n+1]...)...) {
			return false
		}
	}
	return true
}

func (r *report) validateTargets(f *File) {
	// The one that comes later in the text is the one to complain about.
	names := slices.SortedStableFunc(slices.Values(slices.Sorted(maps.Keys(f.Targets))), func(a, b string) int {
		return comparePositions(r.index.key([]string{"targets", a}).Start, r.index.key([]string{"targets", b}).Start)
	})
	places := map[place]string{}
	for _, name := range names {
		path := []string{"targets", name}
		if r.said(path...) {
			continue
		}
		t := &targetReport{r, f.Targets[name], path}
		t.Name = name
		t.validate()
		t.tags(endpointOf(f, t.Target))
		t.modelApart(f)
		t.distinct(f, places)
	}
}

func (t *targetReport) validate() {
	if !t.matches(dnsLabelPattern, t.Name) {
		t.atKey(problem{
			"invalid-name",
			fmt.Sprintf("target name %q must be lower-case letters, digits and '-', at most 63, not starting or ending with '-'", t.Name), "",
		}, t.path...)
	}
	t.reserved()
	if !t.index.has(t.at("kind")) {
		t.atKey(problem{
			"missing-key", fmt.Sprintf("target %q has no kind", t.Name), "use " + alternatives(targetKinds()),
		}, t.at("kind")...)
	}
	t.oneOf(t.Kind, targetKinds(), t.at("kind")...)
	if slices.Contains(targetKinds(), t.Kind) {
		t.misplacedKeys(t.Kind, reflect.TypeFor[Target](), t.path)
	}
	t.endpoint()
	t.repository()
	t.env(t.Env, t.at("env")...)
	t.port(t.Port, t.at("port")...)
	t.oneOf(t.Format, formats(), t.at("format")...)
	t.atLeastOne(t.Replicas, t.at("replicas")...)
	t.namespace()
	t.resources()
	t.container()
	t.traffic()
	t.pods()
	t.patches()
}

func (t *targetReport) endpoint() {
	if t.has("endpoint") && !t.matches(endpointPattern, t.Endpoint) {
		t.atValue(problem{
			"invalid-name",
			fmt.Sprintf("%s %q must be lower-case letters, digits and '-', at most %d, starting with a letter and not ending with '-'",
				describe(t.at("endpoint")), t.Endpoint, longestEndpoint),
			fmt.Sprintf("for example %q", endpointName(t.Endpoint)),
		}, t.at("endpoint")...)
	}
}

func (t *targetReport) repository() {
	if !t.has("image") {
		return
	}
	path := t.at("image")
	named, p := checkImage(describe(path), t.Image)
	if p.message == "" && !reference.IsNameOnly(named) {
		p = problem{
			"invalid-image", fmt.Sprintf("%s: %q must be a repository, with no tag and no digest", describe(path), t.Image),
			fmt.Sprintf("write %q", reference.FamiliarName(named)),
		}
	}
	t.problem(p, path)
}

func (t *targetReport) namespace() {
	pattern := dnsLabelPattern
	if t.Kind == "containerd" {
		pattern = containerdNamePattern
	}
	if t.has("namespace") && !t.matches(pattern, t.Namespace) {
		t.atValue(problem{"invalid-name", fmt.Sprintf("%q is not a %s namespace", t.Namespace, cmp.Or(t.Kind, "Kubernetes")), ""},
			t.at("namespace")...)
	}
}

// place is where an endpoint is, as far as the text says.
type place struct{ where, context, namespace, endpoint string }

// distinct refuses a target whose endpoint another one has already: deploying
// one would replace the other.
func (t *targetReport) distinct(f *File, places map[place]string) {
	for _, key := range []string{"kind", "endpoint", "context", "namespace", "image"} {
		if t.said(t.at(key)...) {
			return
		}
	}
	here := place{where: t.Kind, context: t.Context, namespace: t.Namespace, endpoint: endpointOf(f, t.Target)}
	switch t.Kind {
	case "kserve":
		// It keeps its objects beside those of the other kind.
		here.where = "kubernetes"
	case "registry":
		here.where += " " + repositoryOf(f, t.Target)
	}
	other, taken := places[here]
	if !taken {
		places[here] = t.Name
		return
	}
	path := t.at("endpoint")
	if theirs := []string{"targets", other, "endpoint"}; !t.written(path...) && t.written(theirs...) {
		path = theirs
	}
	t.atValue(problem{
		"duplicate", fmt.Sprintf("targets %q and %q are the same endpoint, %q: each would replace the other", other, t.Name, here.endpoint),
		"give each an endpoint of its own" + otherPlace(t.Kind),
	}, path...)
}

// otherPlace names the keys that also tell the endpoints of a kind apart.
func otherPlace(kind string) string {
	switch kind {
	case "kubernetes", "kserve":
		return ", or another namespace or context"
	case "containerd":
		return ", or another namespace"
	case "registry":
		return ", or another image"
	}
	return ""
}

// eachNamed checks a list of names; what says what each must be.
func (t *targetReport) eachNamed(values []string, valid func(string) bool, what, hint string, keys ...string) {
	before := map[string]bool{}
	for i, value := range values {
		item := append(slices.Clip(keys), strconv.Itoa(i))
		switch {
		case !t.has(item...):
		case !valid(value):
			t.invalidName(value, what, hint, item...)
		case before[value]:
			t.atValue(problem{"duplicate", fmt.Sprintf("%s has %q twice", describe(t.at(keys...)), value), "remove one"}, t.at(item...)...)
		}
		before[value] = true
	}
}

// named checks one name.
func (t *targetReport) named(value string, valid func(string) bool, what, hint string, keys ...string) {
	if t.has(keys...) && !valid(value) {
		t.invalidName(value, what, hint, keys...)
	}
}

func (t *targetReport) invalidName(value, what, hint string, keys ...string) {
	t.atValue(problem{"invalid-name", fmt.Sprintf("%s %q must be %s", describe(t.at(keys...)), value, what), hint}, t.at(keys...)...)
}

// required reports a key that a table must have.
func (t *targetReport) required(why, example string, keys ...string) {
	if !t.index.has(t.at(keys...)) {
		t.atKey(problem{"missing-key", fmt.Sprintf("%s is missing: %s", describe(t.at(keys...)), why), "for example: " + example}, t.at(keys...)...)
	}
}
