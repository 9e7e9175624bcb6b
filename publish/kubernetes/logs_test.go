package kubernetes

import (
	"bufio"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// A line without end takes no more memory than its beginning.
func TestReadLine(t *testing.T) {
	endless := strings.Repeat("x", 3*longestLine)
	r := bufio.NewReader(strings.NewReader("one\n\n" + endless + "\nlast"))
	var got []string
	for {
		line, err := readLine(r)
		got = append(got, line)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if diff := cmp.Diff([]string{"one\n", "\n", endless[:longestLine], "last"}, got); diff != "" {
		t.Error("the lines differ")
	}
}
