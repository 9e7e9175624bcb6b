package lint

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/deployfile/deployfile/deployfile"
	"github.com/deployfile/deployfile/manifests/kinds"
	"github.com/google/go-cmp/cmp"
	bkllb "github.com/moby/buildkit/client/llb"
	bklint "github.com/moby/buildkit/frontend/subrequests/lint"
	"github.com/moby/buildkit/solver/errdefs"
	"github.com/moby/buildkit/solver/pb"
)

const withSecret = `[model]
source = "model"
[environment]
env = { API_TOKEN = "hunter2", MODE = "fast" }
mlflow = "full"
`

func ask(t *testing.T, text string, findings []Finding, failure error) (string, string, *bklint.LintResults) {
	t.Helper()
	source := bkllb.NewSourceMap(nil, "Deployfile", "toml", []byte(text))
	source.Definition = &bkllb.Definition{}
	res, err := Result(findings, failure, source)
	if err != nil {
		t.Fatal(err)
	}
	if string(source.Data) != text {
		t.Error("the caller's source was changed")
	}
	var results bklint.LintResults
	if err := json.Unmarshal(res.Metadata["result.json"], &results); err != nil {
		t.Fatal(err)
	}
	for _, s := range results.Sources {
		if bytes.Contains(s.Data, []byte("hunter2")) {
			t.Errorf("the source shows the secret:\n%s", s.Data)
		}
	}
	for name, data := range res.Metadata {
		if bytes.Contains(data, []byte("hunter2")) {
			t.Errorf("%s shows the secret:\n%s", name, data)
		}
	}
	return string(res.Metadata["result.txt"]), string(res.Metadata["result.statuscode"]), &results
}

func TestResult(t *testing.T) {
	file, _, err := deployfile.Parse("Deployfile", []byte(withSecret), kinds.All())
	if err != nil {
		t.Fatal(err)
	}
	text, status, results := ask(t, withSecret, Run(Input{File: file}), nil)
	const want = `
WARNING: unlocked-build - https://github.com/deployfile/deployfile/blob/main/docs/rules/unlocked-build.md
there is no lock, so the versions of packages and images are chosen anew by each build
run deployfile lock and commit what it writes

WARNING: credentials - https://github.com/deployfile/deployfile/blob/main/docs/rules/credentials.md
error: the value of environment variable API_TOKEN looks like a credential
take it out, and give it to the server when it runs: from a Kubernetes Secret, or docker run --env
Deployfile:4
--------------------
   2 |     source = "model"
   3 |     [environment]
   4 | >>> env = { API_TOKEN = *********, MODE = "fast" }
   5 |     mlflow = "full"
   6 |     
--------------------

WARNING: full-mlflow - https://github.com/deployfile/deployfile/blob/main/docs/rules/full-mlflow.md
all of MLflow is installed, though its scoring server needs mlflow-skinny and pandas alone
write mlflow = "skinny", unless the model imports what only all of MLflow has
Deployfile:5
--------------------
   3 |     [environment]
   4 |     env = { API_TOKEN = *********, MODE = "fast" }
   5 | >>> mlflow = "full"
   6 |     
--------------------
`
	if diff := cmp.Diff(want, text); diff != "" {
		t.Errorf("result.txt (-want +got):\n%s", diff)
	}
	if status != "1" {
		t.Errorf("status %s for a finding that is an error", status)
	}
	r := results.Warnings[2].Location.Ranges[0]
	if r.Start.Line != 5 || r.Start.Character != 9 || r.End.Character != 15 {
		t.Errorf("range %v, want characters from 0", r)
	}
}

func TestResultStatus(t *testing.T) {
	const good = "[model]\nsource = \"model\"\n"
	if _, status, _ := ask(t, good, []Finding{{Rule: "unlocked-build", Severity: deployfile.SeverityWarning}}, nil); status != "0" {
		t.Errorf("status %s for a warning", status)
	}
	if _, status, _ := ask(t, good, nil, errors.New("no such model")); status != "1" {
		t.Errorf("status %s for a failure", status)
	}
}

func TestResultOfBrokenDeployfile(t *testing.T) {
	const text = "[model]\nsource = \"model\"\n[[environment.indexes]]\nname = \"corp\"\nurl = \"https://me:hunter2@packages.example.com/simple\"\n"
	_, _, err := deployfile.Parse("Deployfile", []byte(text), kinds.All())
	_, status, results := ask(t, text, nil, err)
	if status != "1" || results.Error == nil {
		t.Fatalf("status %s, error %v", status, results.Error)
	}
	var out strings.Builder
	results.PrintErrorTo(&out, nil)
	if !strings.Contains(out.String(), "5 | >>> url = ****") {
		t.Errorf("the line is not drawn:\n%s", out.String())
	}
}

// A failure says by itself where it is, be it in another file.
func TestResultOfFailureWithSource(t *testing.T) {
	const text = "[model]\nsource = \"model\"\n"
	line := func(n int32) []*pb.Range {
		p := &pb.Position{Line: n}
		return []*pb.Range{{Start: p, End: p}}
	}
	for want, s := range map[string]*errdefs.Source{
		"Deployfile:2\n--------------------\n   1 |     [model]\n   2 | >>> source = \"model\"\n": {
			Info: &pb.SourceInfo{Filename: "Deployfile", Data: []byte(text)}, Ranges: line(2)},
		"extra.txt:1\n--------------------\n   1 | >>> numpy==99\n": {
			Info: &pb.SourceInfo{Filename: "extra.txt", Data: []byte("numpy==99\n")}, Ranges: line(1)},
	} {
		_, _, results := ask(t, text, nil, errdefs.WithSource(errors.New("no such thing"), s))
		var out strings.Builder
		results.PrintErrorTo(&out, nil)
		if !strings.HasPrefix(out.String(), "no such thing\n"+want) {
			t.Errorf("drawn:\n%s", out.String())
		}
	}
}

func TestMask(t *testing.T) {
	secret := func(fromLine, fromColumn, toLine, toColumn int) Finding {
		return Finding{Secret: true, Range: deployfile.Range{
			Start: deployfile.Position{Line: fromLine, Column: fromColumn}, End: deployfile.Position{Line: toLine, Column: toColumn},
		}}
	}
	tests := []struct {
		name, source, want string
		findings           []Finding
	}{
		{"nothing", "a = 1\n", "a = 1\n", nil},
		{"not secret", "a = 1\n", "a = 1\n", []Finding{{Range: secret(1, 1, 1, 6).Range}}},
		{"a value", "a = \"x\" # y\n", "a = *** # y\n", []Finding{secret(1, 5, 1, 8)}},
		{"code points", "ä = \"ö\"\n", "ä = ***\n", []Finding{secret(1, 5, 1, 8)}},
		{"byte order mark", "\uFEFFa = \"x\"\n", "\uFEFFa = ***\n", []Finding{secret(1, 5, 1, 8)}},
		{"several lines", "a = '''x\r\nyy'''\nb = 1\n", "a = ****\r\n*****\nb = 1\n", []Finding{secret(1, 5, 2, 6)}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, string(Mask([]byte(test.source), test.findings))); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestDiagnostic(t *testing.T) {
	file, _, err := deployfile.Parse("Deployfile", []byte(withSecret), kinds.All())
	if err != nil {
		t.Fatal(err)
	}
	findings := Run(Input{File: file})
	var out strings.Builder
	for _, f := range findings {
		if err := deployfile.Render(&out, Mask([]byte(withSecret), findings), f.Diagnostic("Deployfile")); err != nil {
			t.Fatal(err)
		}
	}
	if got := out.String(); strings.Contains(got, "hunter2") || !strings.Contains(got, "Deployfile:5:10: warning: all of MLflow") {
		t.Errorf("drawn:\n%s", got)
	}
}
