package build

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

func TestParseOutput(t *testing.T) {
	tests := []struct {
		text string
		want Output
		err  string
	}{
		{"out", Output{Type: "local", Dest: "out"}, ""},
		{"-", Output{Type: "tar", Dest: "-"}, ""},
		{"type=oci,dest=a.tar", Output{Type: "oci", Dest: "a.tar", Attrs: map[string]string{}}, ""},
		{"type=oci,tar=false,dest=dir", Output{Type: "oci", Dest: "dir", Attrs: map[string]string{"tar": "false"}}, ""},
		{`type=image,"name=a,b",push=true`, Output{Type: "image", Attrs: map[string]string{"name": "a,b", "push": "true"}}, ""},
		{"type=registry,Name=a", Output{Type: "registry", Attrs: map[string]string{"name": "a"}}, ""},
		{"type=docker,dest=-", Output{Type: "docker", Dest: "-", Attrs: map[string]string{}}, ""},
		{"type=cacheonly", Output{Type: "cacheonly", Attrs: map[string]string{}}, ""},
		{"dest=a", Output{}, "--output: type=… is missing: one of image, registry, oci, docker, tar, local, cacheonly"},
		{"type=engine", Output{}, `--output: type "engine" is not known: one of image, registry, oci, docker, tar, local, cacheonly is`},
		{"type=oci,dest", Output{}, `--output: "dest" is not KEY=VALUE`},
		{"type=local", Output{}, "--output: type=local needs dest=DIRECTORY"},
		{"type=oci,tar=false", Output{}, "--output: type=oci needs dest=DIRECTORY"},
		{"type=image,dest=a", Output{}, "--output: type=image takes no dest="},
		{"type=tar,output=a", Output{}, "--output: output=a is not an option: write dest=a"},
		{`type="`, Output{}, "--output: parse error on line 1, column 6: bare \" in non-quoted-field"},
	}
	for _, test := range tests {
		t.Run(test.text, func(t *testing.T) {
			got, err := ParseOutput(test.text)
			if test.err != "" {
				if err == nil || err.Error() != test.err {
					t.Errorf("error %v, want %s", err, test.err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, got, cmpopts.IgnoreUnexported(Output{})); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestOutputs(t *testing.T) {
	tests := []struct {
		text                  string
		stdout, pushes, named bool
	}{
		{"out", false, false, false},
		{"-", true, false, false},
		{"type=oci", true, false, true},
		{"type=docker,dest=a", false, false, true},
		{"type=image", false, false, true},
		{"type=image,push=true", false, true, true},
		{"type=registry", false, true, true},
		{"type=tar,dest=a", false, false, false},
	}
	for _, test := range tests {
		o, err := ParseOutput(test.text)
		if err != nil {
			t.Fatal(err)
		}
		if got := [3]bool{o.ToStdout(), o.Pushes(), o.Named()}; got != [3]bool{test.stdout, test.pushes, test.named} {
			t.Errorf("%s: stdout, pushes, named: %v", test.text, got)
		}
	}
}
