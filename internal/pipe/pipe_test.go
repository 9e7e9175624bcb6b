package pipe_test

import (
	"errors"
	"io"
	"testing"

	"github.com/deployfile/deployfile/internal/pipe"
)

func TestCloseWaitsForTheReader(t *testing.T) {
	refused := errors.New("refused")
	release := make(chan struct{})
	var got []byte
	w := pipe.To(func(r io.Reader) (err error) {
		if got, err = io.ReadAll(r); err != nil {
			return err
		}
		<-release
		return refused
	})
	if _, err := io.WriteString(w, "archive"); err != nil {
		t.Fatal(err)
	}
	closed := make(chan error)
	go func() { closed <- w.Close() }()
	select {
	case err := <-closed:
		t.Fatalf("Close returned %v before the reader had", err)
	case release <- struct{}{}:
	}
	if err := <-closed; err != refused || string(got) != "archive" {
		t.Errorf("the reader got %q and Close returned %v", got, err)
	}
	if err := w.CloseWithError(io.ErrUnexpectedEOF); err != refused {
		t.Errorf("the second close returned %v", err)
	}
}

func TestIncompleteInput(t *testing.T) {
	broken := errors.New("the build failed")
	w := pipe.To(func(r io.Reader) error {
		_, err := io.ReadAll(r)
		return err
	})
	if err := w.CloseWithError(broken); err != broken {
		t.Errorf("the reader read %v", err)
	}
}

func TestReaderThatEndsEarly(t *testing.T) {
	full := errors.New("no space")
	w := pipe.To(func(io.Reader) error { return full })
	// Written or not, it must not block.
	if _, err := io.WriteString(w, "archive"); err != full {
		t.Errorf("writing to it: %v", err)
	}
	if err := w.Close(); err != full {
		t.Errorf("closing it: %v", err)
	}
}
