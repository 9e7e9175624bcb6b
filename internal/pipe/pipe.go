// Package pipe connects a writer to a function that reads, and tells the writer
// how that went: an archive is handed on while it is made, and closing it waits for
// whoever takes it.
package pipe

import "io"

// Writer is the end of a pipe whose other end a function reads.
type Writer struct {
	writer *io.PipeWriter
	done   chan struct{}
	err    error
}

// To starts read in a goroutine of its own and returns where its input is written.
// The caller has to close the Writer. Once read has returned, writing fails, with
// its error if there is one.
func To(read func(io.Reader) error) *Writer {
	r, w := io.Pipe()
	p := &Writer{writer: w, done: make(chan struct{})}
	go func() {
		defer close(p.done)
		p.err = read(r)
		_ = r.CloseWithError(p.err)
	}()
	return p
}

// Write implements io.Writer.
func (w *Writer) Write(data []byte) (int, error) { return w.writer.Write(data) }

// Close ends the input, waits until the function returns and returns its error.
func (w *Writer) Close() error { return w.CloseWithError(nil) }

// CloseWithError is Close for an input that is not complete: the function reads err
// instead of io.EOF, unless err is nil. After the first, further calls only wait.
func (w *Writer) CloseWithError(err error) error {
	_ = w.writer.CloseWithError(err)
	<-w.done
	return w.err
}
