package kinds

import (
	"os"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/deployfile/deployfile/deployfile"
	"github.com/deployfile/deployfile/manifests"
)

const page = "../../docs/targets/README.md"

// rows returns the cells of the rows of the page whose first cell matches.
func rows(t *testing.T, first string) [][]string {
	t.Helper()
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	pattern := regexp.MustCompile(first)
	var out [][]string
	for line := range strings.Lines(string(text)) {
		cells := strings.Split(strings.Trim(strings.TrimSpace(line), "|"), "|")
		for i := range cells {
			cells[i] = strings.TrimSpace(cells[i])
		}
		if strings.HasPrefix(line, "|") && pattern.MatchString(cells[0]) {
			out = append(out, cells)
		}
	}
	return out
}

// A kind can be rendered, says what it makes, and takes some format of image.
func TestAll(t *testing.T) {
	for _, k := range All() {
		if _, ok := k.New().(manifests.Spec); !ok {
			t.Errorf("kind %s renders nothing", k.Name)
		}
		if k.Summary == "" || len(k.Image.Formats) == 0 || k.New().Kind().Name != k.Name {
			t.Errorf("%+v", k)
		}
	}
}

// The page that lists the kinds has those of the list, and what they create.
func TestPageListsKinds(t *testing.T) {
	listed := map[string]string{}
	for _, row := range rows(t, "^`[a-z]+`$") {
		if len(row) == 3 && row[2] == "["+strings.Trim(row[0], "`")+".md]("+strings.Trim(row[0], "`")+".md)" {
			listed[strings.Trim(row[0], "`")] = row[1]
		}
	}
	want := map[string]string{}
	for _, k := range All() {
		want[k.Name] = k.Summary
	}
	if !reflect.DeepEqual(listed, want) {
		t.Errorf("%s lists %q, want %q", page, listed, want)
	}
}

// The page says which kind has which verb, and which needs no registry.
func TestPageListsVerbs(t *testing.T) {
	head := rows(t, "^verb$")
	if len(head) != 1 || len(head[0]) != 1+len(All()) {
		t.Fatalf("the head of the verbs is %q", head)
	}
	has := map[string]func(deployfile.Kind) bool{
		"works without a registry": func(k deployfile.Kind) bool { return k.Image.Store != deployfile.StoreNone },
	}
	for _, v := range []deployfile.Verb{deployfile.VerbPredict, deployfile.VerbTrack, deployfile.VerbOpen, deployfile.VerbLogs, deployfile.VerbBatch, deployfile.VerbPromote} {
		has["`"+string(v)+"`"] = func(k deployfile.Kind) bool { return k.Can(v) }
	}
	for what, has := range has {
		row := rows(t, "(^|, )"+regexp.QuoteMeta(what)+"(,|$)")
		if len(row) != 1 {
			t.Errorf("%s: rows %q", what, row)
			continue
		}
		for _, k := range All() {
			column := slices.Index(head[0], k.Name)
			if column < 0 {
				t.Fatalf("no column for %s", k.Name)
			}
			if said := row[0][column] != ""; said != has(k) {
				t.Errorf("%s says %q of %s of kind %s", page, row[0][column], what, k.Name)
			}
		}
	}
}

// The page explains the keys that every kind has.
func TestPageListsCommonKeys(t *testing.T) {
	common := reflect.TypeFor[deployfile.Target]()
	for i := range common.NumField() {
		key := common.Field(i).Tag.Get("toml")
		if key == "-" {
			continue
		}
		if n := len(rows(t, "^`"+key+"`$")); n != 1 {
			t.Errorf("%s has %d rows of %s", page, n, key)
		}
	}
}
