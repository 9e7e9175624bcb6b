package redact

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/deployfile/deployfile/internal/testing/growth"
)

// hidden is a text with a credential, hunter2, and harmless are others.
var (
	hidden = []string{
		"https://user:hunter2@pypi.example.com/simple",
		"https://hunter2@pypi.example.com/simple",
		"https://user@example.com:hunter2@pypi.example.com/",
		"foo @ git+https://hunter2@example.com/foo@v1",
		"git+ssh://git:hunter2@example.com/foo",
		"https://example.com/foo-1-py3-none-any.whl?X-Amz-Signature=hunter2",
		"https://example.com/simple?a=b&private_token=hunter2#egg=foo",
		"https://conda.anaconda.org/t/hunter2/acme",
		"- https://conda.example.com:8443/t/hunter2",
		"https://example.com/api/repo/t/hunter2-abcdefgh-1234/acme/noarch",
		"two: https://example.com/ and https://x:hunter2@example.com/",
	}
	harmless = []string{
		"", "foo==1.0", "foo @ https://example.com/foo-1-py3-none-any.whl", "git+ssh://git@example.com/foo",
		"git+https://example.com/foo@v1", "https://example.com/?page=2", "me@example.com",
		"https://files.example.com/packages/source/t/tqdm/tqdm-4.66.4.tar.gz", "https://files.example.com/packages/source/t/tensorflow-probability/x.whl",
		"https://${USER}:${TOKEN}@example.com/simple", "https://${TOKEN}@example.com/", "https://me:${TOKEN}@example.com/", "https://example.com/t/${TOKEN}/acme",
		"https://example.com/t/<TOKEN>/acme",
	}
	// malformed have a credential that is not in a URL, which only Cut finds.
	malformed = []string{"user:hunter2@example.com", "https:/user:hunter2@example.com", "https://user:hunter2/more@example.com/", "https://user:hunter2?@example.com"}
)

func TestCredentialsAreFoundAndCut(t *testing.T) {
	for _, text := range hidden {
		if !HasCredential(text) {
			t.Errorf("%q is said to have no credential", text)
		}
	}
	for _, text := range append(hidden, malformed...) {
		if got := Cut(text); strings.Contains(got, "hunter2") {
			t.Errorf("%q is cut to %q", text, got)
		}
	}
	for _, text := range harmless {
		if HasCredential(text) {
			t.Errorf("%q is said to have a credential", text)
		}
	}
	for _, text := range []string{"", "foo==1.0", "git+https://example.com/foo", "me@example.com", "50%? yes"} {
		if got := Cut(text); got != text {
			t.Errorf("%q is cut to %q", text, got)
		}
	}
}

func TestMaskKeepsColumns(t *testing.T) {
	for text, want := range map[string]string{
		`url = "https://me:hunter2@example.com/"`: `url = "https://**********@example.com/"`,
		"//ü:ß@x\n//a@y":                          "//***@x\n//*@y",
		"//a@b:c@d":                               "//*****@d",
		"https://example.com/t/a-b/c https://x.example.com/t/dé/": "https://example.com/t/***/c https://x.example.com/t/**/",
		"// nothing": "// nothing",
		"//@":        "//@",
	} {
		got := Mask(text)
		if got != want || utf8.RuneCountInString(got) != utf8.RuneCountInString(text) {
			t.Errorf("%q is %q, want %q", text, got, want)
		}
	}
}

// Many ranges are hidden in one pass over the text.
func TestRangesGrowLinearly(t *testing.T) {
	growth.Linear(t, 1500, func(n int) func() {
		source := []byte(strings.Repeat("key = 'hunter2'\n", n))
		var ranges []Range
		for line := n; line > 0; line-- {
			ranges = append(ranges, Range{Position{line, 7}, Position{line, 16}})
		}
		return func() {
			if got := string(Ranges(source, ranges)); got != strings.Repeat("key = *********\n", n) {
				t.Errorf("%.40q", got)
			}
		}
	})
}

// Ranges in ranges, and one that ends behind its line.
func TestOverlappingRanges(t *testing.T) {
	ranges := []Range{{Position{2, 2}, Position{3, 2}}, {Position{1, 4}, Position{1, 5}}, {Position{1, 2}, Position{1, 9}}}
	got := string(Ranges([]byte("abcdef\nghi\r\njkl"), ranges))
	if want := "a*****\ng**\r\n*kl"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if ranges[0].Start.Line != 2 {
		t.Error("the caller's ranges are in another order")
	}
	if got := string(Ranges([]byte("\uFEFFab"), []Range{{Position{1, 1}, Position{1, 2}}})); got != "\uFEFF*b" {
		t.Errorf("behind a byte order mark: %q", got)
	}
}
