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

	"github.com/deployfile/deployfile/publish"
	"github.com/deployfile/deployfile/publish/internal/serving"
)

// logBlock is how much of a log is read at a time from its end, and logPause the
// time between two looks for more of it.
const (
	logBlock = 64 << 10
	logPause = 200 * time.Millisecond
)

// logFile is where containerd's shim writes what a server prints. The shim (up to
// 2.3 at least) closes the file with the first of the server's two streams that
// ends, so that what a server prints in the very moment in which it ends can be
// lost.
func (p *Publisher) logFile(id string) string {
	return filepath.Join(p.logFolder(), id+".log")
}

func (p *Publisher) logFolder() string {
	return filepath.Join(p.state, "logs", p.client.DefaultNamespace(), p.endpoint)
}

// removeLog removes a container's log, and the endpoint's folder with the last
// one.
func (p *Publisher) removeLog(id string) error {
	if err := os.Remove(p.logFile(id)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	left, err := os.ReadDir(p.logFolder())
	if err != nil || len(left) > 0 {
		return nil
	}
	if err := os.Remove(p.logFolder()); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// Logs implements publish.Logger. The log has no times, so that Since is an
// error. The error is a *publish.NothingError if nothing is deployed.
func (p *Publisher) Logs(ctx context.Context, w io.Writer, o publish.LogOptions) error {
	if o.Since > 0 {
		return errors.New("containerd keeps no times with what a server prints: ask for a number of lines instead")
	}
	deployed, err := p.deployed(ctx)
	if err != nil {
		return err
	}
	if len(deployed) == 0 {
		return &publish.NothingError{Endpoint: p.endpoint}
	}
	f, err := os.Open(p.logFile(deployed[0].ID()))
	if err != nil {
		return fmt.Errorf("log of %s: %w", p.endpoint, err)
	}
	defer f.Close()
	if o.Tail > 0 {
		if err := seekTail(f, o.Tail); err != nil {
			return fmt.Errorf("log of %s: %w", p.endpoint, err)
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

// seekTail goes to where the last n lines of a file begin.
func seekTail(f *os.File, n int) error {
	end, err := f.Seek(0, io.SeekEnd)
	if err != nil {
		return err
	}
	block := make([]byte, logBlock)
	// The newline at the end of the file begins no line.
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

// lastLines are for an error that is there already, so that they are none if
// they cannot be had.
func (p *Publisher) lastLines(id string) []string {
	f, err := os.Open(p.logFile(id))
	if err != nil {
		return nil
	}
	defer f.Close()
	return endOf(f)
}

// endOf are the last lines of a log; of lines that are long, as a server's may be,
// the end of them.
func endOf(f *os.File) []string {
	if err := seekTail(f, serving.LogLines); err != nil {
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
	return serving.LastLines(string(text), serving.LogLines)
}
