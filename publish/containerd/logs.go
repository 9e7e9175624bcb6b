package containerd

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	client "github.com/containerd/containerd/v2/client"
	"github.com/deployfile/deployfile/publish"
	"github.com/deployfile/deployfile/publish/internal/containers"
)

// logBlock is how much of a log is read at a time from its end, logPause the time
// between two polls for more.
const (
	logBlock = 64 << 10
	logPause = 200 * time.Millisecond
)

// logFile returns the path to which containerd's shim writes the server's output. The
// shim (2.3 at least) closes the file when the first of the server's two streams ends,
// so output from the moment of exit can be lost.
func (h *host) logFile(id string) string {
	return filepath.Join(h.logDir(), id+".log")
}

func (h *host) logDir() string {
	return filepath.Join(h.state, "logs", h.client.DefaultNamespace(), h.endpoint)
}

// removeLog removes a container's log, and the endpoint's directory with the last one.
func (h *host) removeLog(id string) error {
	if err := os.Remove(h.logFile(id)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	left, err := os.ReadDir(h.logDir())
	if err != nil || len(left) > 0 {
		return nil
	}
	if err := os.Remove(h.logDir()); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// Logs implements publish.Logger. The log has no timestamps, so Since is an error. The
// error is a *publish.NothingError if nothing is deployed.
func (p *Publisher) Logs(ctx context.Context, w io.Writer, o publish.LogOptions) error {
	if o.Since > 0 {
		return errors.New("containerd keeps no times with what a server prints: ask for a number of lines instead")
	}
	newest, err := p.newest(ctx)
	if err != nil {
		return err
	}
	f, err := os.Open(p.host.logFile(p.host.LiveName(*newest)))
	if err != nil {
		return fmt.Errorf("log of %s: %w", p.host.endpoint, err)
	}
	defer f.Close()
	if o.Tail > 0 {
		if err := seekTail(f, o.Tail); err != nil {
			return fmt.Errorf("log of %s: %w", p.host.endpoint, err)
		}
	}
	for {
		if _, err := io.Copy(w, f); err != nil || !o.Follow {
			return err
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(logPause):
		}
	}
}

// seekTail seeks to the start of the last n lines of a file.
func seekTail(f *os.File, n int) error {
	end, err := f.Seek(0, io.SeekEnd)
	if err != nil {
		return err
	}
	block := make([]byte, logBlock)
	// The newline at the end of the file starts no line.
	for at, lines := end, -1; at > 0; {
		size := min(at, logBlock)
		at -= size
		if _, err := f.ReadAt(block[:size], at); err != nil {
			return err
		}
		if at+size == end && block[size-1] != '\n' {
			lines++
		}
		for i := size; ; {
			i = int64(bytes.LastIndexByte(block[:i], '\n'))
			if i < 0 {
				break
			}
			if lines++; lines == n {
				_, err := f.Seek(at+i+1, io.SeekStart)
				return err
			}
		}
	}
	_, err = f.Seek(0, io.SeekStart)
	return err
}

// Log implements containers.Host.
func (h *host) Log(ctx context.Context, r publish.Record, trial bool) []string {
	id := h.LiveName(r)
	if trial {
		id = h.trialName(r)
	}
	if c, err := h.load(ctx, id); err == nil && c != nil {
		if s, ok, err := h.status(ctx, c); err == nil && ok && s.Status == client.Stopped {
			// Only then is its log complete.
			_ = h.stop(ctx, c)
		}
	}
	f, err := os.Open(h.logFile(id))
	if err != nil {
		return nil
	}
	defer f.Close()
	return endOf(f)
}

// endOf returns the last lines of a log, and only the end of a line that is long, as a
// server's may be.
func endOf(f *os.File) []string {
	if err := seekTail(f, publish.LogLines); err != nil {
		return nil
	}
	from, err := f.Seek(0, io.SeekCurrent)
	if err != nil {
		return nil
	}
	end, err := f.Seek(0, io.SeekEnd)
	if err != nil {
		return nil
	}
	from = max(from, end-logBlock)
	text := make([]byte, min(end-from, logBlock))
	if _, err := f.ReadAt(text, from); err != nil {
		return nil
	}
	return containers.LastLines(string(text), publish.LogLines)
}
