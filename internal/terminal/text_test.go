package terminal

import (
	"bytes"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestPrintable(t *testing.T) {
	for text, want := range map[string]string{
		"":                          "",
		"a\n\tb é 好 👩‍🚀":            "a\n\tb é 好 👩‍🚀",
		"\x1b[2Ja\rb\x07\x7f\u009b": `\x1b[2Ja\x0db\x07\x7f\x9b`,
		"\u202eexe.\u2066a\u2069":   `\u202eexe.\u2066a\u2069`,
		"a\u2028b\u2029":            `a\u2028b\u2029`,
		"\x9b2J\xff\ufffd\xe2\x80":  `\x9b2J\xff` + "\ufffd" + `\xe2\x80`,
		`\x1b`:                      `\x1b`,
	} {
		got := Printable(text)
		if got != want {
			t.Errorf("%q becomes %q", text, got)
		}
		if again := Printable(got); again != got {
			t.Errorf("%q becomes %q", got, again)
		}
	}
	if got := Line("a\nb\tc"); got != `a\x0ab\x09c` {
		t.Errorf("%q", got)
	}
	if got := Masked("a\x1b\u202e\n\xffé\r\nb\r"); got != "a\ufffd\ufffd\n\ufffdé\nb\ufffd" {
		t.Errorf("%q", got)
	}
}

// What is written in pieces is what is written at once.
func TestWriterOfPieces(t *testing.T) {
	const text = "é\x1b[2J好\u202e\x9b👩\xf0\x9f!\u009b\n"
	for size := 1; size <= len(text); size++ {
		var out bytes.Buffer
		w := NewWriter(&out)
		for n := 0; n < len(text); n += size {
			piece := text[n:min(n+size, len(text))]
			if count, err := w.Write([]byte(piece)); err != nil || count != len(piece) {
				t.Fatal(count, err)
			}
		}
		if got := out.String(); got != Printable(text) {
			t.Errorf("in pieces of %d: %q", size, got)
		}
	}
}

func FuzzPrintable(f *testing.F) {
	for _, seed := range []string{"a", "\x1b[2J", "\xe2\x80\xae", "\u202e\u009b\x9b", "\xf0\x9f"} {
		f.Add(seed, 1)
	}
	f.Fuzz(func(t *testing.T, text string, size int) {
		whole := Printable(text)
		if !utf8.ValidString(whole) || Obeys(strings.NewReplacer("\n", "", "\t", "").Replace(whole)) {
			t.Errorf("%q becomes %q", text, whole)
		}
		if utf8.ValidString(text) && !Obeys(text) && whole != text {
			t.Errorf("%q becomes %q", text, whole)
		}
		if got, want := utf8.RuneCountInString(Masked(text)), utf8.RuneCountInString(strings.ReplaceAll(text, "\r\n", "\n")); got != want {
			t.Errorf("%d characters instead of %d", got, want)
		}
		var out bytes.Buffer
		w := NewWriter(&out)
		size = max(1, size%7)
		for n := 0; n < len(text); n += size {
			_, _ = w.Write([]byte(text[n:min(n+size, len(text))]))
		}
		if got := out.String(); !strings.HasPrefix(whole, got) || len(whole)-len(got) > len(`\xff`)*(utf8.UTFMax-1) {
			t.Errorf("%q is written as %q", text, got)
		}
	})
}
