package untrusted

import (
	"fmt"
	"io"
	"sync/atomic"
	"time"
)

// leastBytes is what a body sends at least in the time that it may be silent: one that
// sends a byte a minute would never end.
const leastBytes = 16 << 10

// Patient returns a body that ends with an error if reading it takes too long: if nothing
// comes for as long as silence, or hardly anything again and again. The time between two
// reads is the reader's and does not count.
func Patient(body io.ReadCloser, silence time.Duration) io.ReadCloser {
	p := &patient{body: body, silence: silence}
	p.timer = time.AfterFunc(silence, p.end)
	p.timer.Stop()
	return p
}

type patient struct {
	body    io.ReadCloser
	silence time.Duration
	timer   *time.Timer
	// late says that the timer has closed the body.
	late atomic.Bool
	// waited is how long reads have taken, got what they have read, since that was
	// compared last.
	waited time.Duration
	got    int
}

func (p *patient) end() {
	p.late.Store(true)
	_ = p.body.Close()
}

// Read implements io.Reader.
func (p *patient) Read(data []byte) (int, error) {
	began := time.Now()
	p.timer.Reset(p.silence)
	n, err := p.body.Read(data)
	p.timer.Stop()
	p.waited += time.Since(began)
	p.got += n
	if p.waited >= p.silence {
		if p.got < leastBytes && err == nil {
			p.end()
		}
		p.waited, p.got = 0, 0
	}
	if p.late.Load() {
		return n, fmt.Errorf("it sends less than %d bytes in %s", leastBytes, p.silence)
	}
	return n, err
}

// Close implements io.Closer.
func (p *patient) Close() error {
	p.timer.Stop()
	return p.body.Close()
}
