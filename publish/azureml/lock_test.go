package azureml

import (
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/deployfile/deployfile/manifests"
	"github.com/deployfile/deployfile/publish"
)

// Of many that make one record at once one succeeds, and the others change nothing of it.
func TestLock(t *testing.T) {
	v := begin(t, nil)
	state := manifests.Deployed(nil, v.Release("1"))
	record := func(n int) publish.Record {
		r := publish.Record{Phase: publish.Applying, Attempt: fmt.Sprint("attempt", n), Deadline: time.Now().Add(time.Minute).UTC().Truncate(time.Second)}
		r.Revision = publish.Revision{Number: 1, State: state, Documents: v.documents("1"), By: fmt.Sprint(n), At: time.Now().UTC().Truncate(time.Second)}
		return r
	}
	s, _ := v.open().Parts()
	won := make([]error, 8)
	var all sync.WaitGroup
	for n := range won {
		all.Go(func() { won[n] = s.Create(t.Context(), record(n)) })
	}
	all.Wait()
	winner := -1
	for n, err := range won {
		switch {
		case err == nil && winner < 0:
			winner = n
		case !errors.Is(err, publish.ErrExists):
			t.Errorf("%d: %v", n, err)
		}
	}
	if winner < 0 {
		t.Fatal("nobody has the lock")
	}
	for n := range won {
		r := record(n)
		r.Phase = publish.Deployed
		if n == winner {
			continue
		}
		if err := s.Update(t.Context(), r); !errors.Is(err, publish.ErrGone) {
			t.Errorf("%d updates the record of %d: %v", n, winner, err)
		}
		if err := s.Delete(t.Context(), r); err != nil {
			t.Error(err)
		}
	}
	records, err := s.List(t.Context())
	if err != nil || len(records) != 1 || records[0].By != fmt.Sprint(winner) || records[0].Phase != publish.Applying {
		t.Errorf("%+v, %v", records, err)
	}
}
