package deployfile

import (
	"bytes"
	"cmp"
	"sort"
	"unicode/utf8"
)

// span is a stretch of the text as byte offsets, the end excluded.
type span struct{ start, end int }

// text is a source text that can turn byte offsets into positions.
type text struct {
	data []byte
	// lines holds the offset at which each line starts.
	lines []int
	// characters counts those that start before each block of blockSize bytes, so
	// that columns of a long line need not be counted from its beginning.
	characters []int
}

const blockSize = 256

func newText(source []byte) text {
	t := text{data: trimByteOrderMark(source)}
	t.lines = append(make([]int, 0, 1+bytes.Count(t.data, []byte("\n"))), 0)
	t.characters = make([]int, 0, 1+len(t.data)/blockSize)
	characters := 0
	for i, c := range t.data {
		if i%blockSize == 0 {
			t.characters = append(t.characters, characters)
		}
		if utf8.RuneStart(c) {
			characters++
		}
		if c == '\n' {
			t.lines = append(t.lines, i+1)
		}
	}
	return t
}

// charactersBefore counts the characters that start before an offset.
func (t text) charactersBefore(offset int) int {
	if offset == 0 {
		return 0
	}
	block := (offset - 1) / blockSize
	n := t.characters[block]
	for _, c := range t.data[block*blockSize : offset] {
		if utf8.RuneStart(c) {
			n++
		}
	}
	return n
}

// trimByteOrderMark drops what some editors put first; no column counts it.
func trimByteOrderMark(source []byte) []byte {
	for {
		rest, found := bytes.CutPrefix(source, []byte("\uFEFF"))
		if !found {
			return source
		}
		source = rest
	}
}

// line returns the line of that number, from 1, without its line ending.
func (t text) line(number int) []byte {
	if number < 1 || number > len(t.lines) {
		return nil
	}
	end := len(t.data)
	if number < len(t.lines) {
		end = t.lines[number] - 1
	}
	return bytes.TrimSuffix(t.data[t.lines[number-1]:end], []byte("\r"))
}

func (t text) position(offset int) Position {
	offset = clamp(offset, 0, len(t.data))
	for offset < len(t.data) && offset > 0 && !utf8.RuneStart(t.data[offset]) {
		offset--
	}
	line := sort.SearchInts(t.lines, offset+1)
	return Position{Line: line, Column: t.charactersBefore(offset) - t.charactersBefore(t.lines[line-1]) + 1}
}

func (t text) rangeOf(s span) Range {
	return Range{Start: t.position(s.start), End: t.position(max(s.start, s.end))}
}

func clamp[T cmp.Ordered](value, low, high T) T {
	return max(low, min(value, high))
}
