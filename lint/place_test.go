package lint

import (
	"fmt"

	"github.com/deployfile/deployfile/deployfile"
)

func place(r deployfile.Range) string {
	return fmt.Sprintf("%d:%d-%d:%d", r.Start.Line, r.Start.Column, r.End.Line, r.End.Column)
}
