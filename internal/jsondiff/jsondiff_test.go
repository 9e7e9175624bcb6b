package jsondiff_test

import (
	"testing"

	"github.com/deployfile/deployfile/internal/jsondiff"
	"github.com/google/go-cmp/cmp"
)

func TestCompare(t *testing.T) {
	got, err := jsondiff.Compare(
		[]byte(`{"config":{"Labels":{"a":"1","org.example/b":"<2>"},"Cmd":["x","y"]},"rootfs":{"diff_ids":["1"]},"n":1.0,"gone":null}`),
		[]byte(`{"config":{"Labels":{"a":"1","org.example/b":"3"},"Cmd":["x"]},"rootfs":{"diff_ids":["2"]},"n":1.00,"new":{"k":[]}}`),
		"rootfs.diff_ids")
	if err != nil {
		t.Fatal(err)
	}
	want := []jsondiff.Difference{
		{Field: "config.Cmd[1]", Was: `"y"`},
		{Field: `config.Labels["org.example/b"]`, Was: `"<2>"`, Is: `"3"`},
		{Field: "gone", Was: "null"},
		{Field: "n", Was: "1.0", Is: "1.00"},
		{Field: "new", Is: `{"k":[]}`},
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
	if _, err := jsondiff.Compare([]byte("{}"), []byte("{")); err == nil {
		t.Error("a broken document is compared")
	}
}
