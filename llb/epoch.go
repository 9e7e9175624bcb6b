package llb

import (
	"time"

	"github.com/deployfile/deployfile/toolchain"
)

func epoch() *time.Time {
	t := toolchain.Epoch()
	return &t
}
