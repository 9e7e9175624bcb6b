package llb

import (
	"slices"
	"testing"

	"github.com/deployfile/deployfile/deployfile"
	"github.com/deployfile/deployfile/manifests/kinds"
	"github.com/deployfile/deployfile/mlmodel"
	"github.com/deployfile/deployfile/resolver"
)

// A user's options for Java stand behind the image's own, without which Spark does not
// start, and take their place where they contradict each other.
func TestJavaOptions(t *testing.T) {
	for env, want := range map[string]string{
		"":                                    "JAVA_TOOL_OPTIONS=-Duser.home=/tmp",
		`JAVA_TOOL_OPTIONS = "-Xmx1g"`:        "JAVA_TOOL_OPTIONS=-Duser.home=/tmp -Xmx1g",
		`JAVA_HOME = "/opt/java"`:             "JAVA_HOME=/opt/java",
		`JAVA_TOOL_OPTIONS = ""`:              "JAVA_TOOL_OPTIONS=-Duser.home=/tmp",
		`MAVEN_OPTS = "-Duser.home=/another"`: "JAVA_TOOL_OPTIONS=-Duser.home=/tmp",
	} {
		file, _, err := deployfile.Parse("Deployfile", []byte("[model]\nname = \"a\"\nsource = \"model\"\n[environment.env]\n"+env+"\n"), kinds.All())
		if err != nil {
			t.Fatal(err)
		}
		model := &mlmodel.Model{SystemPackages: []mlmodel.SystemPackage{{Name: "default-jre-headless", Env: map[string]string{
			"JAVA_HOME": "/usr/lib/jvm/default-java", mlmodel.JavaOptions: "-Duser.home=/tmp",
		}, NamedUser: true}}}
		plan := &Plan{SystemPackages: []resolver.SystemPackage{{Name: "default-jre-headless"}}}
		c, err := config(Sources{File: file, Model: model, Lock: &resolver.Lock{}}, plan)
		if err != nil {
			t.Fatal(err)
		}
		if c.UserName != "nonroot" {
			t.Errorf("%s: the user is called %q", env, c.UserName)
		}
		if !slices.Contains(c.Env, want) {
			t.Errorf("%s: %q has no %s", env, c.Env, want)
		}
	}
}
