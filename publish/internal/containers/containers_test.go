package containers

import (
	"testing"

	"github.com/deployfile/deployfile/manifests"
	"github.com/deployfile/deployfile/publish"
	"github.com/google/go-cmp/cmp"
)

func documents(body string) []manifests.Document {
	return []manifests.Document{{Name: "container.yaml", Body: []byte(body)}}
}

func TestCompare(t *testing.T) {
	old := &publish.Revision{Documents: documents("name: iris\nimage: a\nport: 80\n")}
	for name, c := range map[string]struct {
		newest  *publish.Revision
		trouble string
		body    string
		want    []publish.Change
	}{
		"nothing there": {nil, "", "name: iris\nimage: a\n", []publish.Change{{Action: "create", Object: "container iris", Diff: "+name: iris\n+image: a\n"}}},
		"the same":      {old, "", "name: iris\nimage: a\nport: 80\n", nil},
		"stopped":       {old, "stopped", "name: iris\nimage: a\nport: 80\n", []publish.Change{{Action: "update", Object: "container iris", Diff: "-stopped\n+running\n"}}},
		"another": {old, "stopped", "name: iris\nimage: b\nport: 80\nuser: x\n", []publish.Change{{
			Action: "update", Object: "container iris", Diff: "-image: a\n+image: b\n+user: x\n",
		}}},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := Compare(c.newest, c.trouble, documents(c.body))
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(c.want, got); d != "" {
				t.Error(d)
			}
		})
	}
	if _, err := Compare(nil, "", nil); err == nil {
		t.Error("no document is no error")
	}
}

func TestNumber(t *testing.T) {
	if got := Numbered("iris-r2", 12); got != "iris-r2-r12" {
		t.Error(got)
	}
	for name, want := range map[string]int{"iris-r12": 12, "iris-r0": 0, "iris-r-1": 0, "iris-r01": 0, "iris-r": 0, "iris": 0, "other-r3": 0, "iris-next": 0} {
		got, ok := Number("iris", name)
		if got = map[bool]int{true: got}[ok]; got != want {
			t.Errorf("%s is %d, want %d", name, got, want)
		}
	}
}

func TestLastLines(t *testing.T) {
	for log, want := range map[string][]string{
		"":               nil,
		"\n\n":           nil,
		"a":              {"a"},
		"a\r\nb\n\nc\n":  {"", "c"},
		"a\nb\nc\nd\n\n": {"c", "d"},
	} {
		if d := cmp.Diff(want, LastLines(log, 2)); d != "" {
			t.Errorf("%q:\n%s", log, d)
		}
	}
}
