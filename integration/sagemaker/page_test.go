//go:build integration && clouds

package sagemaker

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/deployfile/deployfile/internal/testing/lab"
)

// command is one that the page says, with what is typed into it.
type command struct{ line, input string }

// commandsOf returns the commands of the page, in their order.
func commandsOf(t *testing.T) (out []command) {
	t.Helper()
	text, err := os.ReadFile("../../docs/targets/sagemaker.md")
	if err != nil {
		t.Fatal(err)
	}
	kind := ""
	for line := range strings.Lines(string(text)) {
		line = strings.TrimRight(line, "\n")
		typed, isCommand := strings.CutPrefix(line, "$ ")
		fence, isFence := strings.CutPrefix(line, "```")
		switch {
		case isFence:
			kind = fence
		case kind == "sh", kind == "console" && isCommand:
			out = append(out, command{line: typed})
		case kind == "console" && line != "^D":
			out[len(out)-1].input += line + "\n"
		}
	}
	return out
}

// elsewhere are the beginnings of the commands that TestModelData runs.
func elsewhere() []string { return []string{"deployfile deploy aws --image 123456789012."} }

// TestPage does what the page says. MLflow's own server answers as the user that SageMaker
// chooses, with nowhere to write but /tmp. What is not as on the page: the image is built
// and pushed beforehand, because a push to ECR needs a real account.
func TestPage(t *testing.T) {
	p := lab.NewProject(t, shared.Parts, nil)
	p.Dir = filepath.Join(filepath.Dir(p.Dir), "iris") // a Deployfile is called after its directory
	if err := os.CopyFS(p.Path("model"), os.DirFS("../../examples/iris/model")); err != nil {
		t.Fatal(err)
	}
	u := userOf(t, p)
	const header, row = "sepal length (cm),sepal width (cm),petal length (cm),petal width (cm)\n", "5.1,3.5,1.4,0.2\n"
	u.cloud.Put("data/iris.csv", header+strings.Repeat(row, 1000))
	u.cloud.Step = 10 * time.Minute
	var last []string
	for _, c := range commandsOf(t) {
		args := strings.Fields(c.line)
		switch {
		case slices.ContainsFunc(elsewhere(), func(begin string) bool { return strings.HasPrefix(c.line, begin) }):
		case c.line == "cat >>Deployfile":
			u.Write(t, "Deployfile", u.Read(t, "Deployfile")+c.input)
		case args[0] != "deployfile":
			t.Fatalf("nothing runs %q", c.line)
		case args[1] == "lock":
			u.Run(t, append(args[1:], u.BuildContexts()...)...)
		case args[1] == "deploy":
			u.Run(t, append(args[1:], "--image", u.Build(t))...)
		case args[1] == "delete":
			last = args[1:]
		case args[1] == "predict" && !slices.Contains(args, "--batch"):
			if out := u.Run(t, args[1:]...); !strings.Contains(out, `"predictions"`) {
				t.Errorf("the answer is %s", out)
			}
		default:
			u.Run(t, args[1:]...)
		}
	}
	if got, _ := u.cloud.Object("data/answers.jsonl"); got != strings.Repeat("0\n", 1000) {
		t.Errorf("the answers are %.100q", got)
	}
	u.files(t)
	u.Run(t, last...)
	for _, left := range u.cloud.There() {
		if !strings.HasPrefix(left, "object data/") {
			t.Errorf("left: %s", left)
		}
	}
}

// files has the same server answer files of this machine, and a request that is wrong.
func (u *user) files(t *testing.T) {
	t.Helper()
	u.Edit(t, "Deployfile", "[targets.aws]\n", "[targets.aws]\nstorage = \"s3://data/tmp\"\n")
	u.Run(t, "predict", "--target", "aws", "--batch", "model/serving_input_example.json", "answers.csv")
	if got := u.Read(t, "answers.csv"); !strings.HasPrefix(got, "prediction\n0\n") {
		t.Errorf("the answers are %.100q", got)
	}
	_, log, err := u.Try(t, "predict", "--target", "aws", "-i", "Deployfile", "--content-type", "application/json")
	if err == nil || !strings.Contains(log, "the model answers 400") {
		t.Errorf("%v\n%s", err, log)
	}
}
