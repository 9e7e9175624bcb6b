package deployfile

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/BurntSushi/toml"
	"github.com/google/go-cmp/cmp"
)

// intricate has a bit of everything that could lead a scanner astray.
const intricate = `# [not.a.table]
top = "a # b" # c = "d"
'quoted = "key"'."a\"b\u0041" . bare = 1979-05-27 07:32:00 # date
[ table . "x.y" ]
string = """
[fake]
key = "value" \""" more """""
literal = '''
[[fake]]
it's '' done'''''
list = [ # ]
  "]", ']', [1, 2,], """]
]""", # trailing
  { a = "}", b.c = [{}] },
]
empty = []
float = -1.5e+3
inline = {
  # }
  x = 1, y.z = '{',
}
[[many.items]]
n = 1
[many.items.sub]
m = 2
[[many.items]]
n = 3
[[many.items.deep]]
[[many.items.deep]]
k.l = true
[many.after]
`

func TestScanFindsWhatTheDecoderReads(t *testing.T) {
	checkScan(t, intricate)
	checkScan(t, strings.ReplaceAll(intricate, "\n", "\r\n"))
}

func FuzzScan(f *testing.F) {
	f.Add(intricate)
	f.Add("a.b.c = 1\na.b.d = 2\n[a.e]\n'' = ''\n")
	f.Add("a=[[],[[]],{}]\n[[b]]\n[[b.c]]\n[b.c.d]\n[[b]]\n\"\\t\"=\"\"\n")
	f.Add("#000\n0=[[]]\n0.0=[]")
	f.Fuzz(checkScan)
}

// checkScan holds the scanner against the library: the same keys, the same
// number of items, and each value's own text decodes to the value.
func checkScan(t *testing.T, source string) {
	if checkStructure([]byte(source)) != nil || invalidUTF8([]byte(source)) >= 0 {
		return
	}
	data := trimByteOrderMark([]byte(source))
	var tree map[string]any
	if _, err := toml.Decode(string(data), &tree); err != nil {
		return
	}
	compareNode(t, data, nil, tree, scan(data))
}

func compareNode(t *testing.T, data []byte, path []string, value any, n *node) {
	t.Helper()
	if n.value.start < 0 || n.value.end > len(data) || n.value.start > n.value.end || n.key.start > n.key.end {
		t.Fatalf("%q: bad spans %v %v", path, n.key, n.value)
	}
	if tree, ok := value.(map[string]any); ok {
		if _, ok := tree[""]; ok {
			return // The library loses items: [a], "" = [1, {}] has one.
		}
		if diff := cmp.Diff(slices.Sorted(maps.Keys(tree)), slices.Sorted(maps.Keys(n.table))); diff != "" {
			t.Fatalf("%q: keys: %s", path, diff)
		}
		for key, child := range tree {
			at := n.table[key]
			if text := string(data[at.key.start:at.key.end]); unquote(text) != key {
				t.Fatalf("%q: key %q is said to be at %q", path, key, text)
			}
			compareNode(t, data, join(path, key), child, at)
		}
		return
	}
	if list := reflect.ValueOf(value); list.Kind() == reflect.Slice {
		if list.Len() != len(n.items) {
			t.Fatalf("%q: %d items, want %d", path, len(n.items), list.Len())
		}
		for i := range n.items {
			compareNode(t, data, join(path, strconv.Itoa(i)), list.Index(i).Interface(), n.items[i])
		}
		return
	}
	text := string(data[n.value.start:n.value.end])
	var single map[string]any
	if _, err := toml.Decode("v = "+text, &single); err != nil {
		t.Fatalf("%q: the value is said to be %q: %v", path, text, err)
	}
	if fmt.Sprint(single["v"]) != fmt.Sprint(value) {
		t.Fatalf("%q: got %q, want %q", path, single["v"], value)
	}
}
