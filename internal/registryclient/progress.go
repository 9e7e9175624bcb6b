package registryclient

import (
	"fmt"
	"time"

	"github.com/docker/go-units"
	v1 "github.com/google/go-containerregistry/pkg/v1"
)

// reportEvery is the time between two lines on the same copy.
const reportEvery = 2 * time.Second

// report says how far a copy is, until it is done. What is there already counts as
// copied.
func report(updates <-chan v1.Update, done <-chan struct{}, total int64, to string, say func(string)) {
	if say == nil {
		say = func(string) {}
	}
	say(fmt.Sprintf("copy %s to %s", units.HumanSize(float64(total)), to))
	tick := time.NewTicker(reportEvery)
	defer tick.Stop()
	var copied int64
	for {
		select {
		case <-done:
			return
		case u := <-updates:
			copied = u.Complete
		case <-tick.C:
			say(fmt.Sprintf("copied %s of %s to %s", units.HumanSize(float64(min(copied, total))), units.HumanSize(float64(total)), to))
		}
	}
}
