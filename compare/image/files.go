package image

import (
	"archive/tar"
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/deployfile/deployfile/compare"
)

// Files returns all entries of a layer with all their tar attributes, in order.
func (p *Platform) Files(ctx context.Context, l Layer) ([]compare.File, error) {
	var out []compare.File
	err := p.Walk(ctx, l, func(h *tar.Header, content io.Reader) error {
		f := compare.File{Name: h.Name, Attributes: attributes(h)}
		if h.Typeflag == tar.TypeReg {
			hash := sha256.New()
			if _, err := io.Copy(hash, content); err != nil {
				return fmt.Errorf("%s: %w", h.Name, err)
			}
			f.Attributes["content"] = fmt.Sprintf("sha256:%x", hash.Sum(nil))
			f.Attributes["size"] = strconv.FormatInt(h.Size, 10)
		}
		out = append(out, f)
		return nil
	})
	return out, err
}

const xattr = "SCHILY.xattr."

func attributes(h *tar.Header) map[string]string {
	out := map[string]string{
		"type":   fileType(h.Typeflag),
		"mode":   fmt.Sprintf("%04o", h.Mode),
		"uid":    strconv.Itoa(h.Uid),
		"gid":    strconv.Itoa(h.Gid),
		"mtime":  h.ModTime.UTC().Format(time.RFC3339Nano),
		"format": h.Format.String(),
	}
	text := func(name, value string) {
		if value != "" {
			out[name] = value
		}
	}
	text("link", h.Linkname)
	text("user", h.Uname)
	text("group", h.Gname)
	if !h.AccessTime.IsZero() {
		text("atime", h.AccessTime.UTC().Format(time.RFC3339Nano))
	}
	if !h.ChangeTime.IsZero() {
		text("ctime", h.ChangeTime.UTC().Format(time.RFC3339Nano))
	}
	if h.Typeflag == tar.TypeChar || h.Typeflag == tar.TypeBlock {
		text("device", fmt.Sprintf("%d:%d", h.Devmajor, h.Devminor))
	}
	for key, value := range h.PAXRecords {
		if name, ok := strings.CutPrefix(key, xattr); ok {
			out["xattr "+name] = strconv.Quote(value)
		}
	}
	return out
}

func fileType(flag byte) string {
	names := map[byte]string{
		tar.TypeReg: "file", tar.TypeDir: "directory", tar.TypeSymlink: "symbolic link", tar.TypeLink: "hard link",
		tar.TypeChar: "character device", tar.TypeBlock: "block device", tar.TypeFifo: "fifo",
	}
	if name, ok := names[flag]; ok {
		return name
	}
	return strconv.QuoteRune(rune(flag))
}
