package cli

import (
	"context"
	"io"

	"github.com/deployfile/deployfile/build"
	"github.com/deployfile/deployfile/deployfile"
	"github.com/deployfile/deployfile/internal/untrusted"
	"github.com/spf13/pflag"
)

// standardInput is the --file that is read from standard input.
const standardInput = "-"

// place selects the Deployfile.
type place struct {
	directory, file string
	stdin           io.Reader
	// source is what standard input had, once it is read.
	source []byte
}

// add adds the flags. The directory is the argument CONTEXT of some commands.
func (p *place) add(flags *pflag.FlagSet, s streams) {
	p.stdin = s.in
	flags.StringVarP(&p.directory, "directory", "C", ".", "the `DIRECTORY` that the build may read, with the Deployfile")
	flags.StringVarP(&p.file, "file", "f", "", "the Deployfile, a `FILE`, or - for standard input (default: Deployfile in the directory)")
}

// given reports whether standard input has the Deployfile.
func (p *place) given() bool { return p.file == standardInput }

// path returns the path of the Deployfile, "" for the one of the directory. Standard input
// stands for that one, so its lock is the directory's.
func (p *place) path() string {
	if p.given() {
		return ""
	}
	return p.file
}

// read returns the text of the Deployfile of a directory.
func (p *place) read(ctx context.Context, dir string) ([]byte, error) {
	if !p.given() {
		return build.ReadDeployfile(ctx, dir, p.file)
	}
	if p.source != nil {
		return p.source, nil
	}
	source, err := untrusted.Wait(ctx, func() ([]byte, error) {
		return untrusted.ReadAll(p.stdin, "standard input", deployfile.MaxSize)
	})
	p.source = append([]byte{}, source...)
	return p.source, err
}
