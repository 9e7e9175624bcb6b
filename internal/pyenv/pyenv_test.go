package pyenv

import (
	"errors"
	"runtime"
	"strings"
	"testing"

	"github.com/deployfile/deployfile/resolver"
)

func TestPlatform(t *testing.T) {
	here := runtime.GOOS + "/" + runtime.GOARCH
	lock := &resolver.Lock{Platforms: []resolver.Platform{{Name: "linux/s390x"}, {Name: here}}}
	if p, err := Platform(lock); err != nil || p.Name != here {
		t.Errorf("%v, %v", p, err)
	}
	lock.Platforms = lock.Platforms[:1]
	_, err := Platform(lock)
	var other *PlatformError
	if !errors.As(err, &other) || other.Machine != here || !strings.Contains(err.Error(), "linux/s390x") {
		t.Errorf("error %v", err)
	}
}

func TestPlatformErrorSaysWhatToDo(t *testing.T) {
	for machine, want := range map[string]string{"linux/arm64": "[image] platforms", "darwin/arm64": "--target env --load"} {
		if got := (&PlatformError{Machine: machine, Locked: []string{"linux/amd64"}}).Error(); !strings.Contains(got, want) {
			t.Errorf("%s: %s", machine, got)
		}
	}
}
