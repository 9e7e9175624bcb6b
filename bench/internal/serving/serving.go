// Package serving is what bench/load measures of a server, as bench reads it.
package serving

import "time"

// The sizes of bodies.
const (
	Small = "small"
	Large = "large"
)

// Result is what was measured of one server.
type Result struct {
	// Answers are those to the small and to the large body.
	Answers []string `json:"answers"`
	Rates   []Rate   `json:"rates"`
	// Memory is that of the server after all requests, in bytes.
	Memory int64 `json:"memory"`
}

// Rate is how a server answers a number of clients.
type Rate struct {
	Body    string `json:"body"`
	Clients int    `json:"clients"`
	// PerSecond is the number of answers in a second, P50 and P99 how many seconds half
	// of them, and 99 of 100, took at most.
	PerSecond float64 `json:"per-second"`
	P50       float64 `json:"p50"`
	P99       float64 `json:"p99"`
}

// NewRate returns the rate of answers that took so long, in order.
func NewRate(body string, clients int, during time.Duration, took []time.Duration) Rate {
	at := func(percent int) float64 {
		if len(took) == 0 {
			return 0
		}
		return took[min(len(took)-1, len(took)*percent/100)].Seconds()
	}
	return Rate{body, clients, float64(len(took)) / during.Seconds(), at(50), at(99)}
}
