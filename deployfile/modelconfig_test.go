package deployfile

import (
	"testing"
)

func TestModelConfig(t *testing.T) {
	f := mustParse(t, `[args]
SIZE = "large"

[model]
source = "model"

[server.model-config]
name  = "${SIZE}"
k     = 7
ratio = 0.5
big   = 9007199254740993
list  = [1, "a", { b = true }]
"<&>" = {}
`)
	const want = `{"<&>":{},"big":9007199254740993,"k":7,"list":[1,"a",{"b":true}],"name":"large","ratio":0.5}`
	if got := f.Server.ModelConfig.JSON(); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	var again ModelConfig
	if err := again.UnmarshalJSON([]byte(want)); err != nil || again.JSON() != want {
		t.Errorf("read back: %s, %v", again.JSON(), err)
	}
	if got := (ModelConfig{}).JSON(); got != "" {
		t.Errorf("an empty one is %q", got)
	}
}

func TestTargetVariables(t *testing.T) {
	f := mustParse(t, "[model]\nsource = \"model\"\n[targets.a]\nkind = \"docker\"\nenv = { A = \"1\" }\nmodel-config = { k = 2 }\n[targets.b]\nkind = \"registry\"\n"+
		"[image]\ntags = [\"registry.example.com/a:1\"]\n")
	a := f.Targets["a"]
	if got := a.server().Variables(); len(got) != 2 || got[ModelConfigVariable] != `{"k":2}` || got["A"] != "1" {
		t.Errorf("variables %v", got)
	}
	if got := a.Lacking([]string{"A", "B", "C", ModelConfigVariable}, map[string]string{"C": ""}); len(got) != 1 || got[0] != "B" {
		t.Errorf("lacking %q", got)
	}
	if got := f.Targets["b"].Lacking([]string{"A"}, nil); got != nil {
		t.Errorf("a registry lacks %q", got)
	}
}
