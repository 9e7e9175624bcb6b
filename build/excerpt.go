package build

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/deployfile/deployfile/internal/terminal"
	"github.com/deployfile/deployfile/resolver"
)

// excerpt is where a display writes. BuildKit's displays end with the logs of the vertices
// that failed; excerpt keeps these, because often the error that follows says the same.
type excerpt struct {
	*os.File
	kept  bytes.Buffer
	begun bool
}

// Write keeps everything from the line with which the displays begin the logs. No line of
// a step is that line: the displays put something in front of each.
func (e *excerpt) Write(data []byte) (int, error) {
	if e.begun = e.begun || string(data) == "------\n"; e.begun {
		return e.kept.Write(data)
	}
	return e.File.Write(data)
}

// excerptLines is how many lines leave room for an error on a terminal of 24 lines.
const excerptLines = 12

// emptyExcerpt is how many lines are about a vertex that logged nothing.
const emptyExcerpt = 3

// explain shows the logs of what failed, unless the error or the display has told them.
func (p *progress) explain(err error) {
	var step *resolver.StepError
	title, text := "", p.to.kept.String()
	if errors.As(err, &step) {
		title, text = "last log lines of \""+step.Step+"\":\n", step.Log
		if p.streams {
			return
		}
	}
	text = strings.TrimRight(text, "\n")
	lines := strings.Split(text, "\n")
	if text == "" || title == "" && len(lines) <= emptyExcerpt {
		return
	}
	if cut := len(lines) - excerptLines; cut > 0 && !p.streams {
		lines = append([]string{fmt.Sprintf("… (%d more lines; --progress plain shows all)", cut)}, lines[cut:]...)
	}
	_, _ = fmt.Fprintf(terminal.NewWriter(p.to.File), "%s%s\n", title, strings.Join(lines, "\n"))
}
