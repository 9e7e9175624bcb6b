package deployfile

import (
	"strings"
	"testing"
)

// What is wrong elsewhere keeps nobody from a target; what is wrong in it, or in what it
// takes from others, does.
func TestParseForTargets(t *testing.T) {
	const good = "[model]\nsource = \"model\"\nname = \"iris\"\n[targets.b]\nkind = \"docker\"\n"
	for name, c := range map[string]struct {
		text    string
		targets []string
		want    string
	}{
		"another target":    {good + "[targets.a]\nkind = \"docker\"\nprot = 1\n", []string{"b"}, ""},
		"two targets alike": {good + "[targets.a]\nkind = \"nowhere\"\nendpoint = \"iris-b\"\n", []string{"b"}, ""},
		"its own":           {good + "prot = 1\n", []string{"b"}, "prot"},
		"all":               {good + "[targets.a]\nkind = \"docker\"\nprot = 1\n", nil, "prot"},
		"the environment":   {good + "[environment]\npyhton = \"3.11\"\n", []string{"b"}, ""},
		"a misspelt table":  {good + "[enviroment]\n", nil, ""},
		"the model":         {"[model]\nsource = \"model\"\nname = \"\"\n[targets.b]\nkind = \"docker\"\n", []string{"b"}, "name"},
		"no TOML":           {good + "[[[\n", []string{"b"}, "Deployfile:"},
	} {
		f, err := ParseForTargets(DefaultName, []byte(c.text), TestKinds, nil, c.targets)
		switch {
		case c.want == "" && err != nil:
			t.Errorf("%s: %v", name, err)
		case c.want == "" && f.Targets["b"].Endpoint != "iris-b":
			t.Errorf("%s: %+v", name, f.Targets)
		case c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)):
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
	f, err := ParseForTargets(DefaultName, []byte(good), TestKinds, nil, []string{"c"})
	if err != nil || len(f.Targets) != 1 {
		t.Errorf("an unknown target: %v, %v", f, err)
	}
}
