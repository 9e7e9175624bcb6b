//go:build integration

package deploy

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"testing"
	"time"

	"github.com/deployfile/deployfile/internal/testing/lab"
)

// load is a request every 20 ms, each on a connection of its own, as long as a
// change is made.
type load struct {
	client *http.Client
	url    string
	body   []byte
}

// during runs change under the load; each request must succeed.
func (l *load) during(t *testing.T, change func()) {
	t.Helper()
	requests := lab.StartLoad(t.Context(), l.post)
	change()
	// What a rollout ends last must not have been in use.
	time.Sleep(2 * time.Second)
	requests.WantNone(t)
	if _, sent := requests.End(); sent < 50 {
		t.Errorf("only %d requests were sent", sent)
	}
}

func (l *load) post() error {
	res, err := l.client.Post(l.url+"/invocations", "application/json", bytes.NewReader(l.body))
	if err != nil {
		return err
	}
	defer res.Body.Close()
	answer, err := io.ReadAll(res.Body)
	if err == nil && res.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s: %s", res.Status, answer)
	}
	return err
}
