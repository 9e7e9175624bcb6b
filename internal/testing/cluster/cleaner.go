//go:build linux

package cluster

import (
	"io"
	"os"
	"os/exec"
	"syscall"
)

// cleaner is a process that removes a cluster's directories when this process has
// ended, even if it was killed or ran into a timeout. It waits for the end of
// its input, so that an end in good order is the same to it.
type cleaner struct {
	command *exec.Cmd
	input   io.Closer
}

// cleanUp tries for ten seconds, because what uses the directories may be about to
// end. Control groups are removed one by one, from the deepest up.
const cleanUp = `cat >/dev/null
directory=$1
shift
for try in $(seq 100); do
	rm -rf --one-file-system "$directory" 2>/dev/null
	for group in "$@"; do
		[ ! -d "$group" ] || find "$group" -depth -type d -exec rmdir {} \; 2>/dev/null
	done
	left=
	for path in "$directory" "$@"; do [ ! -e "$path" ] || left="$left $path"; done
	[ -n "$left" ] || exit 0
	sleep 0.1
done
echo "cannot remove$left" >&2
exit 1
`

// startCleaner starts the cleaner of a directory and of control groups, which
// need not exist yet.
func startCleaner(dir string, groups ...string) (*cleaner, error) {
	c := exec.Command("sh", append([]string{"-c", cleanUp, "sh", dir}, groups...)...)
	c.Stderr = os.Stderr
	// What interrupts the tests does not interrupt it.
	c.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	input, err := c.StdinPipe()
	if err != nil {
		return nil, err
	}
	if err := c.Start(); err != nil {
		return nil, err
	}
	return &cleaner{command: c, input: input}, nil
}

// stop removes the directories; the cleaner says what it cannot remove.
func (c *cleaner) stop() {
	_ = c.input.Close()
	_ = c.command.Wait()
}
