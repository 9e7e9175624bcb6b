package manifests_test

import (
	"testing"

	"github.com/deployfile/deployfile/deployfile"
	. "github.com/deployfile/deployfile/manifests"
	"github.com/google/go-cmp/cmp"
)

func equal(t *testing.T, what string, want, got any) {
	t.Helper()
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("%s: -want +got\n%s", what, d)
	}
}

func release(version, strategy string) Release {
	return clusterRelease(func(r *Release) {
		r.Version, r.Image, pod(r).Strategy = version, "iris@"+version, strategy
	})
}

func slot(track, version, strategy string) Slot {
	return Slot{Track: track, Release: release(version, strategy)}
}

func beside(live, next Slot) State { return State{Live: live, Next: &next} }

func alone(live Slot) State { return State{Live: live} }

func TestDeployed(t *testing.T) {
	for name, x := range map[string]struct {
		current *State
		deploy  Release
		want    State
	}{
		"the first":                      {nil, release("1", "rolling"), alone(slot("", "1", "rolling"))},
		"the first, a canary":            {nil, release("1", "canary"), alone(slot("", "1", "canary"))},
		"the first, blue-green":          {nil, release("1", "blue-green"), alone(slot("", "1", "blue-green"))},
		"no strategy":                    {new(alone(slot("", "1", ""))), release("2", ""), alone(slot("", "2", ""))},
		"rolling":                        {new(alone(slot("", "1", "rolling"))), release("2", "rolling"), alone(slot("", "2", "rolling"))},
		"again":                          {new(alone(slot("", "1", "canary"))), release("1", "canary"), alone(slot("", "1", "canary"))},
		"again, of a colour":             {new(alone(slot("green", "1", "blue-green"))), release("1", "blue-green"), alone(slot("green", "1", "blue-green"))},
		"another strategy alone":         {new(alone(slot("", "1", "rolling"))), release("1", "canary"), alone(slot("", "1", "canary"))},
		"a canary":                       {new(alone(slot("", "1", "canary"))), release("2", "canary"), beside(slot("", "1", "canary"), slot("canary", "2", "canary"))},
		"a canary again":                 {new(beside(slot("", "1", "canary"), slot("canary", "2", "canary"))), release("2", "canary"), beside(slot("", "1", "canary"), slot("canary", "2", "canary"))},
		"another canary":                 {new(beside(slot("", "1", "canary"), slot("canary", "2", "canary"))), release("3", "canary"), beside(slot("", "1", "canary"), slot("canary", "3", "canary"))},
		"what is live, during a canary":  {new(beside(slot("", "1", "canary"), slot("canary", "2", "canary"))), release("1", "canary"), alone(slot("", "1", "canary"))},
		"a canary becomes rolling":       {new(beside(slot("", "1", "canary"), slot("canary", "2", "canary"))), release("2", "rolling"), alone(slot("", "2", "rolling"))},
		"a canary becomes blue-green":    {new(beside(slot("", "1", "canary"), slot("canary", "2", "canary"))), release("2", "blue-green"), beside(slot("", "1", "canary"), slot("blue", "2", "blue-green"))},
		"a canary beside a colour":       {new(alone(slot("blue", "1", "blue-green"))), release("2", "canary"), beside(slot("blue", "1", "blue-green"), slot("canary", "2", "canary"))},
		"blue":                           {new(alone(slot("", "1", "blue-green"))), release("2", "blue-green"), beside(slot("", "1", "blue-green"), slot("blue", "2", "blue-green"))},
		"green":                          {new(alone(slot("blue", "1", "blue-green"))), release("2", "blue-green"), beside(slot("blue", "1", "blue-green"), slot("green", "2", "blue-green"))},
		"blue again":                     {new(alone(slot("green", "1", "blue-green"))), release("2", "blue-green"), beside(slot("green", "1", "blue-green"), slot("blue", "2", "blue-green"))},
		"another one waits":              {new(beside(slot("blue", "1", "blue-green"), slot("green", "2", "blue-green"))), release("3", "blue-green"), beside(slot("blue", "1", "blue-green"), slot("green", "3", "blue-green"))},
		"blue-green becomes rolling":     {new(alone(slot("blue", "1", "blue-green"))), release("2", "rolling"), alone(slot("", "2", "rolling"))},
		"what is live, and one waits":    {new(beside(slot("blue", "1", "blue-green"), slot("green", "2", "blue-green"))), release("1", "blue-green"), alone(slot("blue", "1", "blue-green"))},
		"blue-green becomes a canary":    {new(beside(slot("blue", "1", "blue-green"), slot("green", "2", "blue-green"))), release("2", "canary"), beside(slot("blue", "1", "blue-green"), slot("canary", "2", "canary"))},
		"a canary beside none of colour": {new(alone(slot("", "1", "rolling"))), release("2", "canary"), beside(slot("", "1", "rolling"), slot("canary", "2", "canary"))},
	} {
		t.Run(name, func(t *testing.T) {
			got := Deployed(x.current, x.deploy)
			equal(t, "deployed", x.want, got)
			equal(t, "deployed again", got, Deployed(&got, x.deploy))
			equal(t, "newest", x.deploy, got.Newest())
		})
	}
}

// TestDeployedDigests shows that a Deployfile or lock that says the same in
// other words is recorded, and brings up nothing.
func TestDeployedDigests(t *testing.T) {
	reworded := release("1", "canary")
	reworded.FileDigest, reworded.LockDigest, pod(&reworded).Weight = digest("8"), digest("9"), 50
	equal(t, "deployed", State{Live: Slot{Release: reworded}}, Deployed(new(alone(slot("", "1", "canary"))), reworded))
}

func TestPromoted(t *testing.T) {
	for name, x := range map[string]struct {
		current, want State
		ok            bool
	}{
		"nothing":                  {alone(slot("", "1", "canary")), State{}, false},
		"a canary":                 {beside(slot("", "1", "canary"), slot("canary", "2", "canary")), alone(slot("", "2", "canary")), true},
		"a canary beside a colour": {beside(slot("blue", "1", "blue-green"), slot("canary", "2", "canary")), alone(slot("blue", "2", "canary")), true},
		"blue":                     {beside(slot("", "1", "rolling"), slot("blue", "2", "blue-green")), alone(slot("blue", "2", "blue-green")), true},
		"green":                    {beside(slot("blue", "1", "blue-green"), slot("green", "2", "blue-green")), alone(slot("green", "2", "blue-green")), true},
	} {
		t.Run(name, func(t *testing.T) {
			got, ok := Promoted(x.current)
			equal(t, "promoted", x.want, got)
			equal(t, "ok", x.ok, ok)
		})
	}
}

func TestRolledBack(t *testing.T) {
	for name, x := range map[string]struct{ current, earlier, want State }{
		"rolling":                    {alone(slot("", "2", "rolling")), alone(slot("", "1", "rolling")), alone(slot("", "1", "rolling"))},
		"a canary given up":          {beside(slot("", "1", "canary"), slot("canary", "2", "canary")), alone(slot("", "1", "canary")), alone(slot("", "1", "canary"))},
		"a promoted canary":          {alone(slot("", "2", "canary")), beside(slot("", "1", "canary"), slot("canary", "2", "canary")), alone(slot("", "1", "canary"))},
		"past a canary":              {beside(slot("", "2", "canary"), slot("canary", "3", "canary")), alone(slot("", "1", "canary")), alone(slot("", "1", "canary"))},
		"to before the canary":       {alone(slot("", "2", "canary")), alone(slot("", "1", "rolling")), alone(slot("", "1", "rolling"))},
		"blue given up":              {beside(slot("", "1", "blue-green"), slot("blue", "2", "blue-green")), alone(slot("", "1", "blue-green")), alone(slot("", "1", "blue-green"))},
		"blue, promoted":             {alone(slot("blue", "2", "blue-green")), alone(slot("", "1", "blue-green")), alone(slot("green", "1", "blue-green"))},
		"green, promoted":            {alone(slot("green", "2", "blue-green")), alone(slot("blue", "1", "blue-green")), alone(slot("blue", "1", "blue-green"))},
		"past one that waits":        {beside(slot("blue", "2", "blue-green"), slot("green", "3", "blue-green")), alone(slot("", "1", "blue-green")), alone(slot("green", "1", "blue-green"))},
		"a colour, to rolling":       {alone(slot("blue", "2", "blue-green")), alone(slot("", "1", "rolling")), alone(slot("", "1", "rolling"))},
		"rolling, to a colour":       {alone(slot("", "2", "rolling")), alone(slot("green", "1", "blue-green")), alone(slot("blue", "1", "blue-green"))},
		"a colour, to a canary's":    {alone(slot("blue", "2", "blue-green")), alone(slot("", "1", "canary")), alone(slot("blue", "1", "canary"))},
		"to what is live, of colour": {alone(slot("blue", "1", "blue-green")), alone(slot("green", "1", "blue-green")), alone(slot("blue", "1", "blue-green"))},
	} {
		t.Run(name, func(t *testing.T) {
			got := RolledBack(x.current, x.earlier)
			equal(t, "rolled back", x.want, got)
			equal(t, "rolled back again", got, RolledBack(got, x.earlier))
			equal(t, "deployed after that", got, Deployed(&got, x.earlier.Live.Release))
		})
	}
}

// TestSame compares what states are rendered to, and neither what a Deployfile says
// only of a next release nor digests.
func TestSame(t *testing.T) {
	for name, x := range map[string]struct {
		change func(*State)
		want   bool
	}{
		"nothing":           {func(*State) {}, true},
		"digests":           {func(s *State) { s.Live.LockDigest, s.Next.FileDigest = digest("8"), digest("9") }, true},
		"the live strategy": {func(s *State) { pod(&s.Live.Release).Strategy = StrategyRolling }, true},
		"an image":          {func(s *State) { s.Next.Image = "iris@3" }, false},
		"the next weight":   {func(s *State) { pod(&s.Next.Release).Weight = 90 }, false},
		"the slots":         {func(s *State) { s.Next = nil }, false},
		"an invalid key":    {func(s *State) { pod(&s.Live.Release).Namespace = "A B" }, false},
	} {
		t.Run(name, func(t *testing.T) {
			a := beside(slot("", "1", "canary"), slot("canary", "2", "canary"))
			b := beside(slot("", "1", "canary"), slot("canary", "2", "canary"))
			x.change(&b)
			equal(t, "same", x.want, Same(a, b))
		})
	}
}

// TestKeys keeps the keys of a target of each state, and makes the target of them
// again.
func TestKeys(t *testing.T) {
	for name, state := range clusterStates() {
		for _, s := range state.Slots() {
			keys, err := s.Target.Keys()
			if err != nil {
				t.Fatal(err)
			}
			got, err := deployfile.NewTarget(s.Target.Spec.Kind(), s.Target.Name, s.Target.Endpoint, keys)
			if err != nil {
				t.Fatal(err)
			}
			equal(t, name, s.Target, got)
		}
	}
}
