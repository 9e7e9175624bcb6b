package modelpack

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/deployfile/deployfile/internal/untrusted"
	v1 "github.com/google/go-containerregistry/pkg/v1"
)

// journal is a file that says how far the upload of a layer is, for a push that
// follows one that was broken off or was of the same model. It is named after the
// repository and the layer's files as they are on this disk.
type journal struct {
	file  string
	state state
}

// state is what a journal has in it.
type state struct {
	// Location is where the upload goes on, Points how far its hashes are.
	Location string  `json:"location,omitempty"`
	Points   []point `json:"points,omitempty"`
	// Digest is the layer's, and Files its large files, once it was uploaded.
	Digest v1.Hash `json:"digest,omitzero"`
	Files  []File  `json:"files,omitempty"`
}

const (
	maxJournal = 1 << 20
	// keptFor is how long a journal is kept that nobody writes.
	keptFor = 30 * 24 * time.Hour
)

// openJournal reads a layer's journal below a directory; dir is "" for none.
func openJournal(dir, repository, model string, l *layer) *journal {
	if dir == "" {
		return &journal{}
	}
	h := sha256.New()
	fmt.Fprintf(h, "%q %q %q %d\n", repository, model, l.mediaType, l.size)
	for _, p := range l.parts {
		if p.file != nil {
			fmt.Fprintf(h, "%q %q\n", p.file.Path, p.file.identity)
		} else {
			_, _ = h.Write(p.data)
		}
	}
	j := &journal{file: filepath.Join(dir, hex.EncodeToString(h.Sum(nil))+".json")}
	data, err := untrusted.ReadNamed(j.file, maxJournal)
	if err != nil || json.Unmarshal(data, &j.state) != nil {
		j.state = state{}
	}
	return j
}

// write keeps the state. It is no error if it cannot: the next push then begins again.
func (j *journal) write() {
	if j.file == "" {
		return
	}
	data, err := json.Marshal(j.state)
	if err != nil {
		return
	}
	if os.MkdirAll(filepath.Dir(j.file), 0o700) != nil {
		return
	}
	temp, err := os.CreateTemp(filepath.Dir(j.file), ".journal-*")
	if err != nil {
		return
	}
	_, err = temp.Write(data)
	if closed := temp.Close(); err != nil || closed != nil || os.Rename(temp.Name(), j.file) != nil {
		os.Remove(temp.Name())
	}
}

// pruneJournals removes journals that nobody wrote for long.
func pruneJournals(dir string) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return
	}
	for _, e := range entries {
		if info, err := e.Info(); err == nil && time.Since(info.ModTime()) > keptFor {
			os.Remove(filepath.Join(dir, e.Name()))
		}
	}
}
