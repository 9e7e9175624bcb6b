package deployfile

import (
	"bytes"
	"strings"

	"github.com/BurntSushi/toml"
	"github.com/deployfile/deployfile/internal/untrusted"
)

// node has the positions of one key, table or list item of the text.
type node struct {
	// key is where the key was first written; an item of a list has none.
	key span
	// value is the value, or for a table its header or the key that made it.
	value span
	table map[string]*node
	items []*node
	// inline marks items that were written as a value: a key below them
	// replaces them, as the library has it.
	inline bool
	// header reports whether the table has a header of its own.
	header bool
}

func (n *node) child(name string) *node {
	if n.table == nil {
		n.table = map[string]*node{}
	}
	c := n.table[name]
	if c == nil {
		c = &node{}
		n.table[name] = c
	}
	return c
}

// scan finds where the keys and values of a TOML document are. The TOML
// library reports no positions for them, so this reads the text a second time.
// It is a scanner for documents that the library has accepted and relies on
// that: it has no errors of its own.
func scan(data []byte) *node {
	root, _ := scanAll(data)
	return root
}

// scanAll is scan, and returns where the headers start as well.
func scanAll(data []byte) (root *node, headers []int) {
	s := &scanner{data: data}
	root = &node{}
	current := root
	for {
		s.skip(" \t\r\n")
		switch {
		case s.atEnd():
			return root, headers
		case s.rest("[["):
			headers = append(headers, s.offset)
			current = s.header(root, "[[", "]]")
			item := &node{value: current.value}
			current.items = append(current.items, item)
			current = item
		case s.rest("["):
			headers = append(headers, s.offset)
			current = s.header(root, "[", "]")
			current.header = true
		default:
			s.pair(current)
		}
	}
}

type scanner struct {
	data   []byte
	offset int
}

func (s *scanner) atEnd() bool { return s.offset >= len(s.data) }

func (s *scanner) rest(prefix string) bool {
	return bytes.HasPrefix(s.data[min(s.offset, len(s.data)):], []byte(prefix))
}

// skip passes over the given characters, and over comments.
func (s *scanner) skip(characters string) {
	for ; !s.atEnd(); s.offset++ {
		if s.data[s.offset] == '#' {
			s.until("\n")
		}
		if s.atEnd() || strings.IndexByte(characters, s.data[s.offset]) < 0 {
			return
		}
	}
}

// until moves to the first of the given characters or to the end.
func (s *scanner) until(characters string) {
	for !s.atEnd() && strings.IndexByte(characters, s.data[s.offset]) < 0 {
		s.offset++
	}
}

// header reads a table header and returns the node that it opens.
func (s *scanner) header(root *node, open, closing string) *node {
	start := s.offset
	s.offset += len(open)
	opened := s.key(root)
	s.offset += len(closing)
	opened.value = span{start, s.offset}
	return opened
}

// pair reads "key = value" into the table.
func (s *scanner) pair(table *node) {
	target := s.key(table)
	s.offset++ // the equals sign
	s.skip(" \t")
	s.value(target)
}

// key reads a dotted key and returns its node. A part that names an array of
// tables means the last table of that array.
func (s *scanner) key(table *node) *node {
	for {
		s.skip(" \t")
		name, where := s.keyPart()
		if table.inline {
			table.items, table.inline = nil, false
		}
		if n := len(table.items); n > 0 {
			table = table.items[n-1]
		}
		table = table.child(name)
		if table.key == (span{}) {
			table.key, table.value = where, where
		}
		s.skip(" \t")
		if !s.rest(".") {
			return table
		}
		s.offset++
	}
}

func (s *scanner) keyPart() (string, span) {
	start := s.offset
	switch {
	case s.rest(`"`), s.rest(`'`):
		s.quoted()
	default:
		s.until(" \t\r\n.=]")
		if s.offset == start {
			s.offset++ // never stand still
		}
	}
	s.offset = min(s.offset, len(s.data))
	where := span{start, s.offset}
	return unquote(string(s.data[start:s.offset])), where
}

// unquote returns the key that is meant by one part of a dotted key.
func unquote(raw string) string {
	if !strings.HasPrefix(raw, `"`) && !strings.HasPrefix(raw, `'`) {
		return raw
	}
	var decoded struct {
		Key string `toml:"key"`
	}
	if _, err := toml.Decode("key = "+raw, &decoded); err != nil {
		return raw
	}
	return decoded.Key
}

func (s *scanner) value(target *node) {
	start := s.offset
	switch {
	case s.rest("["):
		s.offset++
		target.inline = true
		for s.skip(" \t\r\n,"); !s.atEnd() && !s.rest("]"); s.skip(" \t\r\n,") {
			item := &node{}
			s.value(item)
			target.items = append(target.items, item)
		}
		s.offset++
	case s.rest("{"):
		s.offset++
		for s.skip(" \t\r\n,"); !s.atEnd() && !s.rest("}"); s.skip(" \t\r\n,") {
			s.pair(target)
		}
		s.offset++
	case s.rest(`"`), s.rest(`'`):
		s.quoted()
	default:
		s.until(",]}#\r\n")
		s.offset = start + len(bytes.TrimRight(s.data[start:s.offset], " \t"))
		if s.offset == start {
			s.offset++ // never stand still
		}
	}
	s.offset = min(s.offset, len(s.data))
	target.value = span{start, s.offset}
}

// quoted passes over a string of any of the four kinds.
func (s *scanner) quoted() { s.offset = untrusted.TOMLStringEnd(s.data, s.offset) }
