package deployfile

import "bytes"

// Edit changes lists of strings in the text of a Deployfile, which Parse must have
// accepted, and keeps every byte that it need not change: comments, order, spaces
// and line ends.
type Edit struct{ data []byte }

// NewEdit returns an Edit of a copy of the text.
func NewEdit(source []byte) *Edit { return &Edit{bytes.Clone(source)} }

// Bytes returns the text as it is now.
func (e *Edit) Bytes() []byte { return e.data }

// Replace puts another item in the place of the item of that number, from 0, of the
// list table.key.
func (e *Edit) Replace(table, key string, n int, item string) {
	at := e.list(table, key).items[n].value
	e.splice(at, tomlText(item))
}

// Remove removes the item of that number, from 0, of the list table.key. A comment
// beside it stays.
func (e *Edit) Remove(table, key string, n int) {
	list := e.list(table, key)
	cut := list.items[n].value
	if comma := e.comma(cut.end, list.value.end); comma >= 0 {
		if e.blank(span{cut.end, comma}) {
			cut.end = comma + 1
		} else {
			// A comment stands before the comma.
			e.splice(span{comma, comma + 1}, "")
		}
	} else if n > 0 {
		// The comma before the last item, unless it ends a line.
		before := list.items[n-1].value.end
		if comma := e.comma(before, cut.start); comma >= 0 && !bytes.ContainsAny(e.data[before:cut.start], "\n#") {
			cut.start = comma
		}
	}
	e.splice(e.withSpace(cut, list.value), "")
}

// withSpace widens a cut in a list by the spaces that would be left: the whole line
// if nothing else is on it, else those on one side.
func (e *Edit) withSpace(cut, list span) span {
	before, after := cut.start, cut.end
	for before > list.start+1 && isSpace(e.data[before-1]) {
		before--
	}
	for isSpace(e.data[after]) {
		after++
	}
	end := e.lineEnds(after)
	switch first := e.data[before-1] == '\n'; {
	case first && end > 0:
		return span{before, after + end}
	case first:
		return span{cut.start, after}
	case end > 0 || e.data[after] == ']':
		return span{before, cut.end}
	}
	return span{cut.start, after}
}

// Append adds an item to the list table.key, and makes the list, and its table, if
// they are missing.
func (e *Edit) Append(table, key, item string) {
	list := e.list(table, key)
	switch {
	case list == nil:
		e.insertKey(table, key+" = ["+tomlText(item)+"]")
	case len(list.items) == 0:
		e.fill(list.value, tomlText(item))
	default:
		e.appendTo(list, tomlText(item))
	}
}

// fill puts the first item into an empty list.
func (e *Edit) fill(list span, item string) {
	closing := list.end - 1
	line := e.lineStart(closing)
	if line <= list.start {
		e.splice(span{list.start + 1, list.start + 1}, item)
		return
	}
	indent := string(e.data[line:closing])
	e.splice(span{line, line}, indent+"    "+item+","+e.newline())
}

// appendTo adds an item behind the last one of a list: on a line of its own if that
// has one.
func (e *Edit) appendTo(list *node, item string) {
	last := list.items[len(list.items)-1].value
	line := e.lineStart(last.start)
	comma := e.comma(last.end, list.value.end)
	if line <= list.value.start {
		if comma >= 0 {
			e.splice(span{comma + 1, comma + 1}, " "+item+",")
		} else {
			e.splice(span{last.end, last.end}, ", "+item)
		}
		return
	}
	indent := e.data[line : line+len(e.data[line:])-len(bytes.TrimLeft(e.data[line:], " \t"))]
	after, tail := last.end, ""
	if comma >= 0 {
		after, tail = comma+1, ","
	}
	end := e.lineEnd(after)
	if end >= list.value.end {
		// The bracket is on the line of the last item.
		end = after
	}
	e.splice(span{end, end}, e.newline()+string(indent)+item+tail)
	if comma < 0 {
		e.splice(span{last.end, last.end}, ",")
	}
}

// insertKey adds a key and its value at the end of a table.
func (e *Edit) insertKey(table, pair string) {
	source := trimByteOrderMark(e.data)
	shift := len(e.data) - len(source)
	root, headers := scanAll(source)
	at := root.table[table]
	if at == nil {
		e.addTable(table, pair)
		return
	}
	// next is where the section ends that starts at an offset.
	next := func(start int) int {
		for _, h := range headers {
			if h >= start {
				return h
			}
		}
		return len(source)
	}
	switch end := lastValue(at, 0, next(0)); {
	case source[at.value.start] == '{':
		e.insertInline(at, shift, pair)
	case at.header:
		last := max(at.value.end, lastValue(at, at.value.end, next(at.value.end)))
		e.insertLine(last+shift, pair)
	case end > 0:
		e.insertLine(end+shift, table+"."+pair)
	default:
		e.addTable(table, pair)
	}
}

// addTable adds a table at the end of the text.
func (e *Edit) addTable(table, pair string) {
	nl := e.newline()
	text := "[" + table + "]" + nl + pair + nl
	if len(e.data) > 0 {
		text = nl + text
		if e.data[len(e.data)-1] != '\n' {
			text = nl + text
		}
	}
	e.splice(span{len(e.data), len(e.data)}, text)
}

// insertInline adds a pair to an inline table.
func (e *Edit) insertInline(table *node, shift int, pair string) {
	open := span{table.value.start + shift, table.value.end + shift}
	last := lastValue(table, open.start-shift+1, open.end-shift) + shift
	if last <= open.start {
		e.splice(span{open.start + 1, open.start + 1}, " "+pair)
	} else if comma := e.comma(last, open.end); comma >= 0 {
		e.splice(span{comma + 1, comma + 1}, " "+pair)
	} else {
		e.splice(span{last, last}, ", "+pair)
	}
}

// insertLine adds a line behind the one on which an offset is.
func (e *Edit) insertLine(after int, text string) {
	end := e.lineEnd(after)
	e.splice(span{end, end}, e.newline()+text)
}

// lastValue returns where the last value below a table ends that begins between
// two offsets, 0 without one.
func lastValue(n *node, from, to int) int {
	end := 0
	consider := func(c *node) {
		if c.value.start >= from && c.value.start < to {
			end = max(end, c.value.end)
		}
		end = max(end, lastValue(c, from, to))
	}
	for _, c := range n.table {
		consider(c)
	}
	for _, c := range n.items {
		consider(c)
	}
	return end
}

// list returns the list table.key with offsets into the whole text, nil if it is
// missing.
func (e *Edit) list(table, key string) *node {
	source := trimByteOrderMark(e.data)
	n, found := index{root: scan(source)}.find([]string{table, key})
	if !found {
		return nil
	}
	return n.moved(len(e.data) - len(source))
}

// moved returns a node whose values are further down in the text.
func (n *node) moved(by int) *node {
	out := &node{value: span{n.value.start + by, n.value.end + by}}
	for _, c := range n.items {
		out.items = append(out.items, c.moved(by))
	}
	return out
}
