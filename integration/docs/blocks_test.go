package docs

import (
	"os"
	"regexp"
	"strings"
	"testing"
)

// block is a fenced block of a page.
type block struct {
	language, text string
	// line is that of its first line.
	line int
	// before is the last line with text in front of it.
	before string
	// directive is what a comment just before it says to the tests: "interrupt"
	// or "exit N".
	directive string
}

// file is the file that the text before a block of Go names.
func (b block) file() string { return strings.TrimSuffix(strings.Trim(b.before, "`:"), "`") }

// blocks are those of a page, in their order.
func blocks(t *testing.T, page string) []block {
	t.Helper()
	data, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	comment := regexp.MustCompile(`^<!-- test: (.+) -->$`)
	var out []block
	var now *block
	last := ""
	for n, line := range strings.Split(string(data), "\n") {
		switch {
		case now != nil && line == "```":
			out = append(out, *now)
			now, last = nil, ""
		case now != nil:
			now.text += line + "\n"
		case strings.HasPrefix(line, "```"):
			now = &block{language: strings.TrimPrefix(line, "```"), line: n + 2, before: last}
			if m := comment.FindStringSubmatch(last); m != nil {
				now.directive = m[1]
			}
		case line != "":
			last = line
		}
	}
	if now != nil || len(out) == 0 {
		t.Fatalf("%s has no blocks, or one without an end", page)
	}
	return out
}

// in are the blocks of a language.
func in(language string, all []block) []block {
	var out []block
	for _, b := range all {
		if b.language == language {
			out = append(out, b)
		}
	}
	return out
}
