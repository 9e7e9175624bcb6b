package mlmodel

import (
	"bytes"
	"fmt"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/encoding/unicode/utf32"
)

// mark is a byte order mark and the encoding that it stands for.
type mark struct {
	bytes    string
	encoding encoding.Encoding
}

// marks are longest first: UTF-32's begins with UTF-16's.
func marks() []mark {
	return []mark{
		{"\xff\xfe\x00\x00", utf32.UTF32(utf32.LittleEndian, utf32.ExpectBOM)},
		{"\x00\x00\xfe\xff", utf32.UTF32(utf32.BigEndian, utf32.ExpectBOM)},
		{"\xef\xbb\xbf", unicode.UTF8BOM},
		{"\xff\xfe", unicode.UTF16(unicode.LittleEndian, unicode.ExpectBOM)},
		{"\xfe\xff", unicode.UTF16(unicode.BigEndian, unicode.ExpectBOM)},
	}
}

// Text returns a file's text as UTF-8. Windows writes UTF-16 and UTF-8 with a byte
// order mark, by which they are recognised. Anything else stays as it is.
func Text(data []byte) []byte {
	for _, m := range marks() {
		if bytes.HasPrefix(data, []byte(m.bytes)) {
			if text, err := m.encoding.NewDecoder().Bytes(data); err == nil {
				return text
			}
		}
	}
	return data
}

// decode returns a file's text. It refuses text in another encoding without a mark,
// names its line and says what it seems to be, with a hint. A comment may be in any.
func decode(name string, data []byte, hint string) ([]byte, error) {
	data = Text(data)
	// DOS ended files of text with this, and some programs still do.
	if before, ended := bytes.CutSuffix(bytes.TrimRight(data, "\r\n"), []byte{0x1a}); ended {
		data = before
	}
	if utf8.Valid(data) && !bytes.ContainsRune(data, 0) {
		return data, nil
	}
	encoding := guess(data)
	lines := bytes.Split(data, []byte("\n"))
	for i, l := range lines {
		if utf8.Valid(l) && !bytes.ContainsRune(l, 0) {
			continue
		}
		lines[i] = comment.ReplaceAll(l, nil)
		if !utf8.Valid(lines[i]) || bytes.ContainsRune(lines[i], 0) {
			return nil, newSourceError(name, i+1, "", fmt.Sprintf("the line is not UTF-8 text: it is %s", encoding), hint)
		}
	}
	return bytes.Join(lines, []byte("\n")), nil
}

// guess returns the probable encoding of text that has no byte order mark and is not
// UTF-8: every other byte of English text in UTF-16 is zero.
func guess(data []byte) string {
	zeros := [2]int{}
	for i, b := range data {
		if b == 0 {
			zeros[i%2]++
		}
	}
	half := len(data) / 2
	switch {
	case zeros[1] > half*3/4 && zeros[0] < half/4:
		return "UTF-16 (little-endian) without a byte order mark"
	case zeros[0] > half*3/4 && zeros[1] < half/4:
		return "UTF-16 (big-endian) without a byte order mark"
	case zeros[0]+zeros[1] > 0:
		return "binary data"
	}
	return "Windows-1252 or another encoding of one byte per character"
}
