package untrusted

import (
	"bytes"
	"encoding/json"
	"errors"
	"sort"
	"strings"
	"testing"

	"github.com/BurntSushi/toml"
	"go.yaml.in/yaml/v3"
)

func TestCheckTOML(t *testing.T) {
	limits := TOMLLimits{Depth: 4, Statement: 6, Marks: 12, Values: 8}
	for text, want := range map[string]Measure{
		"":                                    "",
		"a.b.c.d.e = 1":                       "",
		"a.b.c.d.e.f = 1":                     Depth,
		"a = [[[[]]]]":                        "",
		"a = [[[[[]]]]]":                      Depth,
		"[a.b.c.d]\nx.y.z = 1":                "",
		"[a.b.c.d.e]":                         Depth,
		"[[a.b.c]]":                           "",
		"[[a.b.c.d]]":                         Depth,
		"a = [{b.c = 1}, {b.c = 1}]":          "",
		"a = [{b.c.d = 1}, {b = 1.5}]":        "",
		"a = [[],[],[],[],[],[]]":             Statement,
		"a = [[],[],[],[],[]]\nb = [[]]":      "",
		strings.Repeat("a.b.c.d = 1\n", 4):    "",
		strings.Repeat("a.b.c.d = 1\n", 5):    Marks,
		strings.Repeat("a = 1\n", 8):          "",
		strings.Repeat("a = 1\n", 9):          Values,
		"a = [1,1,1,1,1,1,1,1]":               "",
		"a = [1,1,1,1,1,1,1,1,1]":             Values,
		"a = '[[[[[[[[' # [[[[[[[[":           "",
		"a = '''[[[[[''''' # [[[[[[\nb = '.'": "",
		"a = \"[[[\\\"[[[[\"":                 "",
		"a = \"\"\"[[\\\"\"\"[[[[[\"\"\"\"\"": "",
		"# ' \na.b.c.d.e.f = 1 # '":           Depth,
		"'a'.'b'.'c'.'d'.'e'.'f' = 1":         Depth,
	} {
		err := CheckTOML([]byte(text), limits)
		var excess *StructureError
		if errors.As(err, &excess); (want == "") != (err == nil) || err != nil && excess.Measure != want {
			t.Errorf("%q: %v, want %q", text, err, want)
		}
	}
}

// FuzzCheckTOML holds the count against the library: no value of a text that it
// lets pass nests deeper than a header and a key together may.
func FuzzCheckTOML(f *testing.F) {
	for _, text := range []string{
		"a.b.c = 1\n[d.e]\nf.g = [{h.i = {j = [[]]}}, {k.l.m = 1}]", "[[a]]\n[[a.b]]\nc.d=1\n[a.b.e]", "'a.b'.\"c\" = '''\n[[['''''",
		"a = [\n# ]\n{b.c={d.e={}}},\n[1.5, 1979-05-27T07:32:00.5Z]]", strings.Repeat("a.", 40) + "b=1", "a=" + strings.Repeat("[", 9) + strings.Repeat("]", 9),
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		const depth = 6
		if CheckTOML([]byte(text), TOMLLimits{Depth: depth, Statement: 100, Marks: 1000, Values: 1000}) != nil {
			return
		}
		var tree map[string]any
		if _, err := toml.Decode(text, &tree); err != nil {
			return
		}
		if d := nested(tree); d > 2*depth+2 {
			t.Errorf("it nests %d deep", d)
		}
	})
}

func nested(v any) int {
	deepest := 0
	switch v := v.(type) {
	case map[string]any:
		for _, x := range v {
			deepest = max(deepest, nested(x))
		}
	case []map[string]any:
		for _, x := range v {
			deepest = max(deepest, nested(x))
		}
	case []any:
		for _, x := range v {
			deepest = max(deepest, nested(x))
		}
	default:
		return 0
	}
	return deepest + 1
}

// FuzzCheckYAML holds the count against the parser: a text has no more than three
// nodes for each mark.
func FuzzCheckYAML(f *testing.F) {
	for _, text := range []string{
		"{a,b,c}", "[[],[],[[a]]]", "? \n? \n", "- - - - a", "a:\n- b: {c: d}\n  e: f\n", "{\"a\":1,\"b\":[2]}", "-\n-\n-", "? ? ? a\n: b",
		"a: |\n  - b: c\n  {,,}\n", "'a,b': \"c: d\"", "--- !!map\n{? a : b}\n...\n--- c", "[a: b, ? c, : d]", "[? : ,]", "a:\tb", "[\"a\":b,'c':d]", "- ? - : -",
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		marks := sort.Search(len(text), func(n int) bool { return CheckYAML([]byte(text), n) == nil })
		var n yaml.Node
		if yaml.NewDecoder(bytes.NewReader([]byte(text))).Decode(&n) != nil {
			return
		}
		// The document and its top have none.
		if nodes := count(&n); nodes > 3*marks+2 {
			t.Errorf("%d nodes of %d marks", nodes, marks)
		}
	})
}

func count(n *yaml.Node) int {
	all := 1
	for _, c := range n.Content {
		all += count(c)
	}
	return all
}

// FuzzDecodeJSON holds the count against the decoder: a text has no more than two
// values, keys counted, for each mark.
func FuzzDecodeJSON(f *testing.F) {
	for _, text := range []string{`{"a":[1,{},[]],"b":"{[,\"","c":null}`, `[[],[]]`, `"\\"`, `{"\"":{}}`, "1", `{"a":{"a":{"a":1}}}`} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		marks := sort.Search(len(text), func(n int) bool { return checkJSON([]byte(text), n) == nil })
		var v any
		if DecodeJSON([]byte(text), "it", int64(len(text)), marks, &v) != nil {
			return
		}
		if n := values(v); n > 2*marks+1 {
			t.Errorf("%d values of %d marks", n, marks)
		}
		if len(text) > 0 && DecodeJSON([]byte(text), "it", int64(len(text))-1, marks, &v) == nil {
			t.Error("it is larger than the limit")
		}
		if again, err := json.Marshal(v); err != nil || len(again) == 0 {
			t.Error(err)
		}
	})
}

func values(v any) int {
	n := 1
	switch v := v.(type) {
	case map[string]any:
		for _, x := range v {
			n += 1 + values(x)
		}
	case []any:
		for _, x := range v {
			n += values(x)
		}
	}
	return n
}
