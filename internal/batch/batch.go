// Package batch has the program that scores a whole file with the model of an image, for
// the targets that run an image once.
package batch

import (
	_ "embed" // for the program
	"errors"
	"fmt"
	"net/url"
	"path"
	"slices"
	"strings"
)

//go:embed batch.py
var program string

// Program returns a program in Python, to be run with the formats of the input and the
// output as its arguments. Its variables Input and Output say where they are.
func Program() string { return program }

// The variables of the program.
const (
	Input  = "BATCH_INPUT"
	Output = "BATCH_OUTPUT"
)

// Format returns the given format, or the one of the file's name; side is "input" or
// "output".
func Format(side, location, format string) (string, error) {
	known := []string{"csv", "json", "jsonl", "parquet"}
	if format == "" {
		name := location
		if !strings.HasPrefix(location, "s3://") {
			u, err := url.Parse(location)
			if err != nil {
				return "", fmt.Errorf("the %s is not a URL", side)
			}
			name = u.Path
		}
		format = strings.TrimPrefix(path.Ext(name), ".")
	}
	if !slices.Contains(known, format) {
		return "", errors.New("the " + side + " must end in ." + strings.Join(known, ", ."))
	}
	return format, nil
}
