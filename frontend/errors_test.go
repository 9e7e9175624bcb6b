package frontend

import (
	"bytes"
	"strings"
	"testing"

	"github.com/deployfile/deployfile/deployfile"
	"github.com/deployfile/deployfile/internal/terminal"
	"github.com/deployfile/deployfile/internal/testing/hostile"
	"github.com/deployfile/deployfile/manifests/kinds"
	"github.com/deployfile/deployfile/mlmodel"
	bkllb "github.com/moby/buildkit/client/llb"
	"github.com/moby/buildkit/solver/errdefs"
	"github.com/moby/buildkit/util/grpcerrors"
)

// What clients such as buildx print of an error, its words and the lines that it is
// about, is printable as they get it.
func TestErrorsArePrintable(t *testing.T) {
	file, _, err := deployfile.Parse("Deployfile", []byte("[model]\nsource = \"model\"\n"), kinds.All())
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range hostile.Texts() {
		fault := &mlmodel.SourceError{File: "model/" + text, Line: 2, Text: text, Message: text, Hint: text}
		source := &bkllb.SourceMap{Filename: "Deployfile", Data: []byte("[model]\nsource = \"model\"\n"), Definition: &bkllb.Definition{}}
		sent := gatewayError{withSource(at(file, fault, "model", "source"), sourceInfo(source))}
		// The gateway takes it this way.
		got := grpcerrors.FromGRPC(grpcerrors.ToGRPC(t.Context(), sent))
		var shown bytes.Buffer
		shown.WriteString(got.Error() + "\n")
		sources := errdefs.Sources(got)
		if len(sources) != 2 {
			t.Fatalf("%d sources", len(sources))
		}
		for _, s := range sources {
			if err := s.Print(&shown); err != nil {
				t.Fatal(err)
			}
		}
		if terminal.Obeys(strings.NewReplacer("\n", "", "\t", "").Replace(shown.String())) {
			t.Errorf("a terminal would obey %q", shown.String())
		}
		if !strings.Contains(got.Error(), terminal.Printable(text)) {
			t.Errorf("%q is sent as %q", text, got)
		}
	}
}
