package network

import (
	"context"
	"io"
)

// halfCloser is a connection one of whose directions can end.
type halfCloser interface{ CloseWrite() error }

// copySize is how many bytes are moved at once.
const copySize = 64 << 10

// Join hands on what either of two connections says to the other, until both
// have said all, one breaks off or ctx ends. Then both are closed.
func Join(ctx context.Context, a, b io.ReadWriteCloser) {
	closeBoth := func() {
		_ = a.Close()
		_ = b.Close()
	}
	stop := context.AfterFunc(ctx, closeBoth)
	done := make(chan error, 2)
	hand := func(to, from io.ReadWriteCloser) {
		// Without the methods by which net would choose a smaller buffer.
		_, err := io.CopyBuffer(struct{ io.Writer }{to}, struct{ io.Reader }{from}, make([]byte, copySize))
		if half, ok := to.(halfCloser); err == nil && ok {
			err = half.CloseWrite()
		}
		done <- err
	}
	go hand(a, b)
	go hand(b, a)
	if <-done != nil {
		closeBoth()
	}
	<-done
	stop()
	closeBoth()
}
