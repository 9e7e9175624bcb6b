package hostile

import (
	"archive/tar"
	"bytes"
	"fmt"
)

// SparseTar is a tar archive with the files before, which are empty, and a file of a size,
// all of it a hole: format 1.0 of GNU tar, in PAX. Package archive/tar writes none.
func SparseTar(name string, size int64, before ...string) []byte {
	const block = 512
	header := func(name string, kind byte, size int) []byte {
		var b bytes.Buffer
		_ = tar.NewWriter(&b).WriteHeader(&tar.Header{Name: name, Typeflag: tar.TypeReg, Mode: 0o644, Size: int64(size), Format: tar.FormatUSTAR})
		h := b.Bytes()
		const checksum, typeflag = 148, 156
		h[typeflag] = kind
		copy(h[checksum:typeflag], "        ")
		sum := 0
		for _, c := range h {
			sum += int(c)
		}
		copy(h[checksum:typeflag], fmt.Sprintf("%06o\x00 ", sum))
		return h
	}
	// A record begins with its length, which counts itself.
	record := func(key string, value any) string {
		text := fmt.Sprintf(" GNU.sparse.%s=%v\n", key, value)
		for n := len(text); ; n++ {
			if line := fmt.Sprint(n) + text; len(line) == n {
				return line
			}
		}
	}
	padded := func(text string) []byte { return append([]byte(text), make([]byte, (block-len(text)%block)%block)...) }
	var b bytes.Buffer
	for _, name := range before {
		b.Write(header(name, tar.TypeReg, 0))
	}
	pax := record("major", 1) + record("minor", 0) + record("name", name) + record("realsize", size)
	b.Write(header("pax", tar.TypeXHeader, len(pax)))
	b.Write(padded(pax))
	b.Write(header(name, tar.TypeReg, block))
	b.Write(padded(fmt.Sprintf("1\n%d\n0\n", size))) // one part, at the end, without bytes
	b.Write(make([]byte, 2*block))
	return b.Bytes()
}
