package modelsource

import (
	"net/url"
	"path/filepath"
	"strings"
	"testing"

	"github.com/deployfile/deployfile/internal/terminal"
	"github.com/deployfile/deployfile/internal/testing/hostile"
	bkllb "github.com/moby/buildkit/client/llb"
	"github.com/moby/buildkit/util/gitutil"
)

// FuzzSource reads sources of all schemes. What is read leads nowhere but where it says.
func FuzzSource(f *testing.F) {
	for _, source := range []string{
		"models:/iris@champion/a", "runs:/abc/model", "mlflow-artifacts://h:5/1/%252e", "s3://bucket/a/b", "gs://bucket", "hf://acme/iris@refs%2Fpr%2F1/a",
		"git+https://example.com/x@v1#a", "git+ssh://git@example.com:22/x", "git+https://example.com/x%0Ahost=y", "https://example.com/m.tgz?a=b", "oci://example.com/a/b:1",
	} {
		f.Add(source)
	}
	for _, text := range hostile.Texts() {
		f.Add("git+https://example.com/" + text)
		f.Add("hf://acme/iris@" + text)
		f.Add("mlflow-artifacts:/" + text)
	}
	f.Fuzz(func(t *testing.T, source string) {
		scheme, err := Find(source)
		if err != nil {
			return
		}
		switch scheme.(type) {
		case Git:
			checkGit(t, source)
		case Hub:
			n, err := ParseHub(source)
			if err != nil {
				t.Fatal(err)
			}
			n.Revision = commitOfTest
			files, err := n.Files("https://hub.example.com/x")
			if u, bad := url.Parse(files); err != nil || bad != nil || u.Host != "hub.example.com" || !strings.HasPrefix(u.Path, "/x/"+n.Repository+"/resolve/"+commitOfTest) || u.RawQuery != "" || u.Fragment != "" {
				t.Errorf("%q is at %q, %v", source, files, err)
			}
		case MLflow:
			n, err := ParseMLflow(source)
			if err != nil || n.Path != "" && !filepath.IsLocal(n.Path) {
				t.Errorf("%q is read as %+v, %v", source, n, err)
			}
			if n.Location == "" {
				return
			}
			files, _, err := ProxiedArtifacts("https://mlflow.example.com/x", n.Location)
			if err != nil {
				return
			}
			u, err := url.Parse(files)
			if err != nil || u.Scheme != "https" || !strings.HasPrefix(u.Path, "/x/api/2.0/mlflow-artifacts/artifacts/") || strings.Contains(u.Path+"/", "/../") || u.User != nil || u.RawQuery != "" {
				t.Errorf("%q is at %q, %v", source, files, err)
			}
		case Archive:
			if u, err := url.Parse(source); err != nil || u.User != nil || u.Host == "" {
				t.Errorf("%q is accepted: %v", source, err)
			}
		case Objects:
			if n, err := ParseObjects(source); err != nil || strings.ContainsAny(n.Bucket, "/\\?#@:") || n.Prefix != "" && !filepath.IsLocal(n.Prefix) {
				t.Errorf("%q is read as %+v, %v", source, n, err)
			}
		}
	})
}

func checkGit(t *testing.T, source string) {
	t.Helper()
	n, err := ParseGit(source)
	if err != nil {
		t.Fatal(err)
	}
	ours, err := url.Parse(n.URL)
	if err != nil {
		t.Fatal(err)
	}
	theirs, err := gitutil.ParseURL(n.URL)
	if err != nil {
		t.Fatalf("%q: BuildKit does not read %q: %v", source, n.URL, err)
	}
	if theirs.Host != ours.Host {
		t.Errorf("%q: BuildKit goes to %s", source, theirs.Host)
	}
	if strings.HasPrefix(n.URL, "-") || strings.HasPrefix(n.Ref, "-") || strings.ContainsAny(n.Ref, ":\\ \n") || terminal.Obeys(ours.Path) || terminal.Obeys(ours.Host) {
		t.Errorf("%q is read as %+v", source, n)
	}
	lfs, err := url.Parse(n.LFS())
	if err != nil || lfs.Hostname() != ours.Hostname() || lfs.User != nil {
		t.Errorf("%q: Git LFS is at %q, %v", source, n.LFS(), err)
	}
	if again, err := ParseGit(n.Pinned(commitOfTest)); err != nil || again.URL != n.URL || again.Path != n.Path || again.Ref != commitOfTest {
		t.Errorf("%q is pinned as %q, which is read as %+v, %v", source, n.Pinned(commitOfTest), again, err)
	}
	if _, err := bkllb.Git(n.URL, commitOfTest).Marshal(t.Context()); err != nil {
		t.Errorf("%q: %v", source, err)
	}
}
