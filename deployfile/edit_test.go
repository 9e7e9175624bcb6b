package deployfile

import (
	"fmt"
	"math/rand/v2"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/BurntSushi/toml"
	"github.com/google/go-cmp/cmp"
)

func TestEdit(t *testing.T) {
	add := func(item string) func(*Edit) { return func(e *Edit) { e.Append("environment", "without", item) } }
	remove := func(n int) func(*Edit) { return func(e *Edit) { e.Remove("environment", "without", n) } }
	replace := func(n int, item string) func(*Edit) {
		return func(e *Edit) { e.Replace("environment", "without", n, item) }
	}
	for name, c := range map[string]struct {
		change         func(*Edit)
		source, edited string
	}{
		"no table":            {add("a"), "[model]\nsource = \"m\"\n# end\n", "[model]\nsource = \"m\"\n# end\n\n[environment]\nwithout = [\"a\"]\n"},
		"no line end":         {add("a"), "[model] # m", "[model] # m\n\n[environment]\nwithout = [\"a\"]\n"},
		"empty table":         {add("a"), "[environment] # e\n\n[server]\n", "[environment] # e\nwithout = [\"a\"]\n\n[server]\n"},
		"table with keys":     {add("a"), "[environment]\ncode = [] # c\n\n# about\n[server]\n", "[environment]\ncode = [] # c\nwithout = [\"a\"]\n\n# about\n[server]\n"},
		"last line":           {add("a"), "[environment]\ncode = []", "[environment]\ncode = []\nwithout = [\"a\"]"},
		"CRLF":                {add("a"), "[environment]\r\ncode = []\r\n", "[environment]\r\ncode = []\r\nwithout = [\"a\"]\r\n"},
		"long string":         {add("a"), "[environment]\nenv.A = '''\n[x]\n'''\n[server]\n", "[environment]\nenv.A = '''\n[x]\n'''\nwithout = [\"a\"]\n[server]\n"},
		"inline table":        {add("a"), "environment = { python = \"3.11\" }\n", "environment = { python = \"3.11\", without = [\"a\"] }\n"},
		"empty inline table":  {add("a"), "environment = {}\n", "environment = { without = [\"a\"]}\n"},
		"dotted":              {add("a"), "environment.python = \"3.11\" # p\n[model]\n", "environment.python = \"3.11\" # p\nenvironment.without = [\"a\"]\n[model]\n"},
		"subtable alone":      {add("a"), "[environment.env]\nA = \"1\"\n", "[environment.env]\nA = \"1\"\n\n[environment]\nwithout = [\"a\"]\n"},
		"array alone":         {add("a"), "[[environment.indexes]]\nname = \"a\"\n", "[[environment.indexes]]\nname = \"a\"\n\n[environment]\nwithout = [\"a\"]\n"},
		"empty list":          {add("a"), "[environment]\nwithout = [ ]\n", "[environment]\nwithout = [\"a\" ]\n"},
		"empty list of lines": {add("a"), "[environment]\nwithout = [\n  # none\n]\n", "[environment]\nwithout = [\n  # none\n    \"a\",\n]\n"},
		"one line":            {add("c"), "[environment]\nwithout = [\"a\", \"b\"] # x\n", "[environment]\nwithout = [\"a\", \"b\", \"c\"] # x\n"},
		"comma at the end":    {add("c"), "[environment]\nwithout = [\"a\",]\n", "[environment]\nwithout = [\"a\", \"c\",]\n"},
		"lines":               {add("c"), "[environment]\nwithout = [\n  \"a\", # one\n  \"b\", # two\n  # end\n]\n", "[environment]\nwithout = [\n  \"a\", # one\n  \"b\", # two\n  \"c\",\n  # end\n]\n"},
		"lines without comma": {add("c"), "[environment]\nwithout = [\n\t\"a\" # one\n]\n", "[environment]\nwithout = [\n\t\"a\", # one\n\t\"c\"\n]\n"},
		"bracket behind":      {add("c"), "[environment]\nwithout = [\n  \"a\"]\n", "[environment]\nwithout = [\n  \"a\",\n  \"c\"]\n"},
		"quotes":              {add(`a; b == "c"`), "[environment]\nwithout = []\n", "[environment]\nwithout = ['a; b == \"c\"']\n"},
		"variable":            {add("${A}"), "[environment]\nwithout = []\n", "[environment]\nwithout = [\"$${A}\"]\n"},
		"remove the first":    {remove(0), "[environment]\nwithout = [\"a\", \"b\"]\n", "[environment]\nwithout = [\"b\"]\n"},
		"remove from within":  {remove(1), "[environment]\nwithout = [\"a\", \"b\", \"c\"]\n", "[environment]\nwithout = [\"a\", \"c\"]\n"},
		"remove the last":     {remove(1), "[environment]\nwithout = [\"a\", \"b\" ]\n", "[environment]\nwithout = [\"a\" ]\n"},
		"remove the only one": {remove(0), "[environment]\nwithout = [\"a\"]\n", "[environment]\nwithout = []\n"},
		"remove with a comma": {remove(1), "[environment]\nwithout = [\"a\", \"b\",]\n", "[environment]\nwithout = [\"a\",]\n"},
		"remove a line":       {remove(0), "[environment]\nwithout = [\n  \"a\",\n  \"b\",\n]\n", "[environment]\nwithout = [\n  \"b\",\n]\n"},
		"remove a last line":  {remove(1), "[environment]\nwithout = [\n  \"a\",\n  \"b\"\n]\n", "[environment]\nwithout = [\n  \"a\",\n]\n"},
		"remove, not comment": {remove(0), "[environment]\nwithout = [\n  \"a\", # one\n  \"b\",\n]\n", "[environment]\nwithout = [\n  # one\n  \"b\",\n]\n"},
		"comment, then comma": {remove(0), "[environment]\nwithout = [\n  \"a\" # one\n  , \"b\"\n]\n", "[environment]\nwithout = [\n  # one\n   \"b\"\n]\n"},
		"replace":             {replace(1, "x"), "[environment]\nwithout = [\"a\", 'b' ] # c\n", "[environment]\nwithout = [\"a\", \"x\" ] # c\n"},
		"byte order mark":     {add("b"), "\ufeff[environment]\nwithout = [\"a\"]\n", "\ufeff[environment]\nwithout = [\"a\", \"b\"]\n"},
		"new key behind mark": {add("b"), "\ufeff[environment]\ncode = []\n", "\ufeff[environment]\ncode = []\nwithout = [\"b\"]\n"},
	} {
		t.Run(name, func(t *testing.T) {
			e := NewEdit([]byte(c.source))
			c.change(e)
			if d := cmp.Diff(c.edited, string(e.Bytes())); d != "" {
				t.Error(d)
			}
			var tree map[string]any
			if _, err := toml.Decode(string(trimByteOrderMark(e.Bytes())), &tree); err != nil {
				t.Error(err)
			}
		})
	}
}

// generator makes Deployfiles as people write them.
type generator struct{ *rand.Rand }

func (g generator) pick(of ...string) string { return of[g.IntN(len(of))] }

func (g generator) list(key string) string {
	n := g.IntN(5)
	if g.IntN(2) == 0 {
		items := make([]string, n)
		for i := range items {
			items[i] = fmt.Sprintf(g.pick(`"%s%d"`, `'%s%d'`), key, i)
		}
		end := ""
		if n > 0 {
			end = g.pick("", ",", " ", " , ")
		}
		return key + g.pick(" = ", "=", "   = ") + "[" + strings.Join(items, g.pick(", ", ",", " ,  ")) + end + "]" + g.pick("", " # [x], y", "\t#")
	}
	var b strings.Builder
	b.WriteString(key + " = [" + g.pick("", " # open") + "\n")
	for i := range n {
		if g.IntN(4) == 0 {
			b.WriteString(g.pick("  # a line\n", "\n", "\t# \"quoted\", with commas\n"))
		}
		fmt.Fprintf(&b, "%s\"%s%d\"", g.pick("  ", "\t", "", "    "), key, i)
		comma := g.pick(",", ",", " ,", " # before\n ,")
		if i == n-1 {
			comma = g.pick("", ",")
		}
		b.WriteString(comma)
		if i < n-1 && g.IntN(5) == 0 && !strings.Contains(comma, "#") {
			b.WriteString(" ")
			continue
		}
		b.WriteString(g.pick("", " # about it", "   ") + "\n")
	}
	b.WriteString(g.pick("]", "  ]", "# last\n]"))
	return b.String()
}

// deployfile returns a text whose [environment] has some of the lists.
func (g generator) deployfile() string {
	var environment []string
	for _, key := range []string{"requirements", "override", "without"} {
		if g.IntN(2) == 0 {
			environment = append(environment, g.list(key))
		}
	}
	environment = append(environment, `python = "3.11" # not [3.12]`)
	if g.IntN(2) == 0 {
		environment = append(environment, `env.A = """`+"\n[fake]\nwithout = [\"no\"]\n"+`""" # end`)
	}
	g.Shuffle(len(environment), func(i, j int) { environment[i], environment[j] = environment[j], environment[i] })
	model, table := "[model]\nsource = \"m\"\n", ""
	switch body := strings.Join(environment, g.pick("\n", "\n\n", "\n# between\n")); g.IntN(4) {
	case 0:
		model = "environment." + strings.Join(environment, "\nenvironment.") + "\n" + model
	case 1:
	default:
		table = g.pick("[environment]", "[ environment ] # here") + "\n" + body + g.pick("\n", "\n\n# about what follows\n")
	}
	rest := g.pick("", "[server]\nport = 80 # p\n", "[[environment.indexes]]\nname = \"a\"\n", "[environment.ca-like]\nx = [1, 2]\n")
	text := g.pick("", "# syntax=x\n", "\ufeff") + model + g.pick("", "\n", "# what the model says\n") + table + rest
	if g.IntN(4) == 0 {
		text = strings.TrimSuffix(text, "\n")
	}
	if g.IntN(4) == 0 {
		text = strings.ReplaceAll(text, "\n", "\r\n")
	}
	return text
}

// TestRandomEdits checks that an edit changes the one list and no other byte.
func TestRandomEdits(t *testing.T) {
	g := generator{rand.New(rand.NewPCG(1, 2))}
	edits := 0
	for edits < 3000 {
		source := g.deployfile()
		before, ok := decoded(source)
		if !ok {
			continue // not TOML: a dotted key and a header of the same table
		}
		key := g.pick("requirements", "override", "without")
		want := slices.Clone(before[key])
		e := NewEdit([]byte(source))
		var what string
		switch n := len(want); {
		case n > 0 && g.IntN(3) == 0:
			i := g.IntN(n)
			what = fmt.Sprintf("remove %s %d", key, i)
			want = slices.Delete(want, i, i+1)
			e.Remove("environment", key, i)
		case n > 0 && g.IntN(2) == 0:
			i := g.IntN(n)
			what = fmt.Sprintf("replace %s %d", key, i)
			want[i] = "new"
			e.Replace("environment", key, i, "new")
		default:
			what = "append " + key
			want = append(want, "new")
			e.Append("environment", key, "new")
		}
		edits++
		edited := string(e.Bytes())
		after, ok := decoded(edited)
		if !ok {
			t.Fatalf("%s: this is not TOML any more:\n%s\nwas:\n%s", what, edited, source)
		}
		expected := map[string][]string{"requirements": before["requirements"], "override": before["override"], "without": before["without"]}
		expected[key] = want
		for k := range expected {
			if !slices.Equal(expected[k], after[k]) {
				t.Fatalf("%s: %s is %q, want %q:\n%s\nwas:\n%s", what, k, after[k], expected[k], edited, source)
			}
		}
		if !onlyListChanged(source, edited, key) {
			t.Fatalf("%s changed other bytes (-was +now):\n%s\nwas:\n%s", what, cmp.Diff(source, edited), source)
		}
		if was, now := comments(source), comments(edited); !slices.Equal(was, now) {
			t.Fatalf("%s changed comments (-was +now):\n%s\n%s", what, cmp.Diff(was, now), source)
		}
	}
}

func decoded(source string) (map[string][]string, bool) {
	var tree struct{ Environment map[string]any }
	if _, err := toml.Decode(string(trimByteOrderMark([]byte(source))), &tree); err != nil {
		return nil, false
	}
	out := map[string][]string{}
	for k, v := range tree.Environment {
		items, _ := v.([]any)
		for _, i := range items {
			text, _ := i.(string)
			out[k] = append(out[k], text)
		}
	}
	return out, true
}

// onlyListChanged reports whether all bytes outside the list are the same; or, if
// the list is new, whether the edit is one insertion.
func onlyListChanged(source, edited, key string) bool {
	outside := func(text string) string {
		at := NewEdit([]byte(text)).list("environment", key).value
		return text[:at.start] + text[at.end:]
	}
	if NewEdit([]byte(source)).list("environment", key) != nil {
		return outside(source) == outside(edited)
	}
	same := 0
	for same < len(source) && source[same] == edited[same] {
		same++
	}
	return strings.HasSuffix(edited[same:], source[same:])
}

func comments(source string) []string {
	return regexp.MustCompile(`#[^\r\n]*`).FindAllString(source, -1)
}

// FuzzEdit appends to what Parse accepts: it stays TOML, and no other byte changes.
func FuzzEdit(f *testing.F) {
	f.Add(intricate, "without")
	for seed := range uint64(8) {
		f.Add(generator{rand.New(rand.NewPCG(seed, 1))}.deployfile(), "override")
	}
	f.Fuzz(func(t *testing.T, source, key string) {
		if _, _, err := Parse("Deployfile", []byte(source), TestKinds); err != nil || !slices.Contains([]string{"requirements", "override", "without"}, key) {
			return
		}
		before, ok := decoded(source)
		if !ok {
			return
		}
		e := NewEdit([]byte(source))
		e.Append("environment", key, "new")
		after, ok := decoded(string(e.Bytes()))
		if want := append(slices.Clone(before[key]), "new"); !ok || !slices.Equal(after[key], want) {
			t.Errorf("%q became %q", source, e.Bytes())
		} else if !onlyListChanged(source, string(e.Bytes()), key) {
			t.Errorf("other bytes of %q changed: %q", source, e.Bytes())
		}
	})
}
