package endtoend

import (
	"fmt"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/deployfile/deployfile/internal/testing/lab"
)

// Canary deploys a project whose strategy is a canary of 10 %, and sends a request every 20
// ms throughout: none fails, a tenth gets to the canary, and answers change when they
// should. What does not start changes nothing, and the error says what the cloud does. The
// servers run as a user, and nothing is left of what there lists. It returns what logs prints
// before that.
func Canary(t *testing.T, u *User, uid int, says string, there func() []string) (logs string) {
	u.Write(t, "request.json", "{}")
	first := u.Build(t)
	u.Run(t, "deploy", u.Target, "--image", first)
	url := u.Open(t)
	post := func() (string, error) {
		version, as, err := Post(url)
		if err == nil && as != uid {
			err = fmt.Errorf("user %d answers", as)
		}
		return version, err
	}
	count := func(n int) map[string]int {
		t.Helper()
		out := map[string]int{}
		for range n {
			v, err := post()
			if err != nil {
				t.Fatal(err)
			}
			out[v]++
		}
		return out
	}
	want := func(shares map[string]int) {
		t.Helper()
		if got := count(100); fmt.Sprint(got) != fmt.Sprint(shares) {
			t.Errorf("the answers are %v, want %v", got, shares)
		}
	}
	want(map[string]int{"1": 100})

	var of [3]atomic.Int64 // requests of the load by the version that answered
	load := lab.StartLoad(t.Context(), func() error {
		v, err := post()
		if n, _ := strconv.Atoi(v); n > 0 && n < len(of) {
			of[n].Add(1)
		}
		return err
	})
	SetVersion(t, u.Project, "2")
	second := u.Build(t)
	u.Run(t, "deploy", u.Target, "--image", second)
	// Of each ten requests one goes there, whoever sends it.
	stable, canary := of[1].Load(), of[2].Load()
	got := count(400)
	all := of[1].Load() - stable + of[2].Load() - canary + 400
	if share := float64(of[2].Load()-canary+int64(got["2"])) / float64(all); share < 0.09 || share > 0.11 {
		t.Errorf("of %d requests the canary got %.3f", all, share)
	}
	for track, version := range map[string]string{"live": "1", "next": "2", "canary": "2"} {
		if out := u.Run(t, "predict", "--target", u.Target, "--track", track, "-i", "request.json"); !strings.Contains(out, fmt.Sprintf(`"predictions": %q`, version)) {
			t.Errorf("%s answers %s", track, out)
		}
	}
	if _, log, err := u.Try(t, "predict", "--target", u.Target, "--track", "green", "-i", "request.json"); err == nil || !strings.Contains(log, `there is no release "green" at the endpoint`) {
		t.Errorf("%v\n%s", err, log)
	}
	u.Run(t, "promote", u.Target)
	want(map[string]int{"2": 100})
	u.Run(t, "rollback", u.Target)
	want(map[string]int{"1": 100})

	// One that does not start: what was served is still served, and the log is shown.
	SetVersion(t, u.Project, "broken")
	broken := u.Build(t, "--no-verify")
	_, log, err := u.Try(t, "deploy", u.Target, "--image", broken)
	if err == nil || !strings.Contains(log, says) || !strings.Contains(log, "ModuleNotFoundError: No module named 'iris'") || !strings.Contains(log, "is served again") {
		t.Errorf("%v\n%s", err, log)
	}
	want(map[string]int{"1": 100})
	load.WantNone(t)
	if _, sent := load.End(); sent < 100 {
		t.Errorf("%d requests were sent", sent)
	}

	if out, _, err := u.Try(t, "diff", "--target", u.Target, "--image", first); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
	logs = u.Run(t, "logs", u.Target, "--tail", "5")
	u.Run(t, "delete", u.Target, "--yes")
	if left := there(); len(left) > 0 {
		t.Errorf("left: %v", left)
	}
	return logs
}
