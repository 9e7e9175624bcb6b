// Package pipe connects a writer to a function that reads, and returns the
// function's error to the writer: for example an archive is sent while it is
// written, and closing it waits for the receiver.
package pipe

import "io"

// Writer is the writing end of a pipe whose reading end a function has.
type Writer struct {
	writer *io.PipeWriter
	done   chan struct{}
	err    error
}

// To starts read in its own goroutine and returns a writer to it, which the
// caller must close. Once read has returned, writes fail with its error, if
// any.
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

// Write returns when the function has read the data.
func (w *Writer) Write(data []byte) (int, error) { return w.writer.Write(data) }

// Close ends the input, waits for the function and returns its error.
func (w *Writer) Close() error { return w.CloseWithError(nil) }

// CloseWithError is Close for incomplete input: the function reads err instead
// of io.EOF, unless err is nil. Further calls only wait.
func (w *Writer) CloseWithError(err error) error {
	_ = w.writer.CloseWithError(err)
	<-w.done
	return w.err
}
