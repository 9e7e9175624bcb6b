package endtoend

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/deployfile/deployfile/internal/testing/lab"
)

// server answers with its version and who it is. It cannot start if its version is "broken".
//
//go:embed server.py
var server string

// Project returns one whose server has version 1.
func (s *Shared) Project(t *testing.T) *lab.Project {
	p := lab.Tiny(t, s.Parts, "")
	SetVersion(t, p, "1")
	return p
}

// SetVersion changes the version of a project's server.
func SetVersion(t *testing.T, p *lab.Project, version string) {
	t.Helper()
	p.Write(t, "code/answer.py", fmt.Sprintf("VERSION = %q\n", version)+server)
}

// Post returns the version that answers, and the user that it runs as.
func Post(url string) (version string, uid int, err error) {
	res, err := http.Post(url+"/invocations", "application/json", strings.NewReader("{}"))
	if err != nil {
		return "", 0, err
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err == nil && res.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s: %s", res.Status, text)
	}
	var answer struct {
		Predictions string
		UID         int
	}
	if err == nil {
		err = json.Unmarshal(text, &answer)
	}
	return answer.Predictions, answer.UID, err
}
