package main

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"slices"
	"sync"
	"time"
)

// firstAnswer waits until the server answers.
func firstAnswer(url string, body []byte) ([]byte, error) {
	client := &http.Client{Timeout: time.Minute}
	for start := time.Now(); ; time.Sleep(20 * time.Millisecond) {
		answer, status, err := ask(client, url, body)
		switch {
		case err == nil && status == http.StatusOK:
			return answer, nil
		// nginx answers before the server behind it.
		case err == nil && status != http.StatusBadGateway:
			return nil, fmt.Errorf("status %d: %s", status, answer)
		case time.Since(start) > patience:
			return nil, fmt.Errorf("the server does not answer: status %d, %w", status, err)
		}
	}
}

func ask(client *http.Client, url string, body []byte) (answer []byte, status int, err error) {
	r, err := client.Post(url, "application/json", bytes.NewReader(body))
	if err != nil {
		return nil, 0, err
	}
	defer r.Body.Close()
	answer, err = io.ReadAll(r.Body)
	return answer, r.StatusCode, err
}

// send has clients send the same request again and again, and returns how long each answer
// took, and all together. Each has to be the one that is wanted.
func send(url string, body, want []byte, clients int, during time.Duration) (took []time.Duration, elapsed time.Duration, err error) {
	transport := &http.Transport{MaxIdleConnsPerHost: clients, DisableCompression: true}
	defer transport.CloseIdleConnections()
	client := &http.Client{Transport: transport, Timeout: time.Minute}
	var (
		wait sync.WaitGroup
		mu   sync.Mutex
	)
	begin := time.Now()
	for range clients {
		wait.Go(func() {
			var own []time.Duration
			var failed error
			for failed == nil && time.Since(begin) < during {
				start := time.Now()
				answer, status, err := ask(client, url, body)
				own = append(own, time.Since(start))
				switch {
				case err != nil:
					failed = err
				case status != http.StatusOK || !bytes.Equal(answer, want):
					failed = fmt.Errorf("status %d, and another answer than the first: %.200s", status, answer)
				}
			}
			mu.Lock()
			defer mu.Unlock()
			took = append(took, own...)
			if err == nil {
				err = failed
			}
		})
	}
	wait.Wait()
	elapsed = time.Since(begin)
	slices.Sort(took)
	return took, elapsed, err
}
