package frontend

import (
	"errors"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
	"github.com/moby/buildkit/solver/errdefs"
	"github.com/moby/buildkit/util/grpcerrors"
)

// Other clients, which do not know Mistakes, get all messages and all lines.
func TestMistakesAreSent(t *testing.T) {
	files := fstest.MapFS{
		"model/MLmodel": {Data: []byte("flavors:\n  python_function:\n    loader_module: m\n    python_version: 3.11.2\n")},
		"first.txt":     {Data: []byte("pandas====\n")},
		"second.txt":    {Data: []byte("fine\n--prre\n")},
	}
	text := "[model]\nsource = \"model\"\n[environment]\nrequirements = [\"first.txt\", \"second.txt\"]\nconstraints = [\"gone.txt\"]\n"
	_, err := Inspect("Deployfile", []byte(text), files, nil)
	var several Mistakes
	if !errors.As(err, &several) || len(several) != 3 {
		t.Fatalf("%T %v", err, err)
	}
	got := grpcerrors.FromGRPC(grpcerrors.ToGRPC(t.Context(), gatewayError{err}))
	type place struct {
		File string
		Line int32
	}
	var places []place
	for _, s := range errdefs.Sources(got) {
		places = append(places, place{s.Info.Filename, s.Ranges[0].Start.Line})
	}
	want := []place{{"Deployfile", 4}, {"first.txt", 1}, {"Deployfile", 4}, {"second.txt", 2}, {"Deployfile", 5}}
	if diff := cmp.Diff(want, places); diff != "" || got.Error() != several.Error() {
		t.Errorf("%s\n%s", got, diff)
	}
}
