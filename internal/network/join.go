package network

import (
	"context"
	"io"
)

// halfCloser is a connection that can close one direction.
type halfCloser interface{ CloseWrite() error }

// copySize is the size of the copy buffer in bytes.
const copySize = 64 << 10

// Join copies data between two connections in both directions, until both ends
// have finished, one fails or ctx ends. Then it closes both.
func Join(ctx context.Context, a, b io.ReadWriteCloser) {
	closeBoth := func() {
		_ = a.Close()
		_ = b.Close()
	}
	stop := context.AfterFunc(ctx, closeBoth)
	done := make(chan error, 2)
	hand := func(to, from io.ReadWriteCloser) {
		// Without the methods through which net would choose a smaller buffer.
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
