package terminal

import (
	"io"
	"os"

	"github.com/morikuni/aec"
)

// Style is what a part of a message is, by which a terminal colours it.
type Style int

// The styles.
const (
	Plain Style = iota
	Error
	Warning
	Hint
)

func (s Style) ansi() aec.ANSI {
	switch s {
	case Error:
		return aec.NewBuilder(aec.RedF, aec.Bold).ANSI
	case Warning:
		return aec.NewBuilder(aec.YellowF, aec.Bold).ANSI
	case Hint:
		return aec.CyanF
	}
	return aec.EmptyBuilder.ANSI
}

// Fprint writes a text in a style, if w is a Writer of a terminal that shows colours,
// and else without it.
func Fprint(w io.Writer, s Style, text string) error {
	if t, ok := w.(*Writer); ok && t.colours && s != Plain {
		return t.paint(s, text)
	}
	_, err := io.WriteString(w, text)
	return err
}

// paint writes a text between the sequences of its style, which are not the text's own.
func (w *Writer) paint(s Style, text string) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	_, err := io.WriteString(w.to, s.ansi().Apply(Printable(text)))
	return err
}

// showsColours reports whether w is a terminal that shows colours, and nobody asked it
// not to (https://no-color.org).
func showsColours(w io.Writer) bool {
	return os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb" && Is(w)
}
