package sagemaker

import (
	"crypto/sha256"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/google/go-cmp/cmp"

	"github.com/deployfile/deployfile/internal/testing/clouds"
	"github.com/deployfile/deployfile/manifests"
	spec "github.com/deployfile/deployfile/manifests/sagemaker"
	"github.com/deployfile/deployfile/publish"
)

// recordOf returns a record with a canary.
func recordOf(t *testing.T, change func(*spec.Spec)) publish.Record {
	t.Helper()
	release := func(version string) manifests.Release {
		return manifests.Release{Model: "iris", Version: version, Target: targetOf(change), Image: clouds.Image(repository, version), Port: 8080}
	}
	state := manifests.Deployed(nil, release("1"))
	state = manifests.Deployed(&state, release("2"))
	documents, err := manifests.Render(state)
	if err != nil {
		t.Fatal(err)
	}
	at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	return publish.Record{
		Revision: publish.Revision{Number: 7, State: state, Documents: documents, By: "tester@here", At: at},
		Phase:    publish.Applying, Attempt: "attempt", Deadline: at.Add(time.Minute),
	}
}

func tagsOf(t *testing.T, r publish.Record) map[string]string {
	t.Helper()
	tags, err := encode(r)
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]string{}
	for _, tag := range tags {
		out[aws.ToString(tag.Key)] = aws.ToString(tag.Value)
	}
	return out
}

// A record is the same when it is read back, is always the same tags, and leaves room for
// those of the user.
func TestRecord(t *testing.T) {
	r := recordOf(t, canary)
	tags := tagsOf(t, r)
	if len(tags) > 15 {
		t.Errorf("%d tags", len(tags))
	}
	if diff := cmp.Diff(tags, tagsOf(t, r)); diff != "" {
		t.Error(diff)
	}
	got, err := records().Decode(tags)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(r, got); diff != "" {
		t.Error(diff)
	}
}

// A record that does not fit is refused before anything is made.
func TestRecordTooLarge(t *testing.T) {
	_, err := encode(recordOf(t, func(s *spec.Spec) {
		s.Env = map[string]string{}
		for n := range 30 {
			// What does not compress.
			s.Env[fmt.Sprint("A", n)] = strings.Repeat(fmt.Sprintf("%x", sha256.Sum256([]byte{byte(n)})), 8)
			for m := range 12 {
				s.Env[fmt.Sprint("A", n)] += fmt.Sprintf("%x", sha256.Sum256([]byte{byte(n), byte(m)}))[:30]
			}
		}
	}))
	if err == nil || !strings.Contains(err.Error(), "more than the 9216 that fit into tags") {
		t.Errorf("%v", err)
	}
}

// What is no record is an error, and nothing else.
func TestForgedRecords(t *testing.T) {
	for name, change := range map[string]func(map[string]string){
		"no base64":  func(tags map[string]string) { tags["deployfile:record-00"] = "{}" },
		"a part":     func(tags map[string]string) { delete(tags, "deployfile:record-01") },
		"no record":  func(tags map[string]string) { clear(tags) },
		"a phase":    func(tags map[string]string) { tags["deployfile:phase"] = "done" },
		"a deadline": func(tags map[string]string) { tags["deployfile:deadline"] = "soon" },
	} {
		tags := tagsOf(t, recordOf(t, canary))
		change(tags)
		if _, err := records().Decode(tags); err == nil {
			t.Errorf("%s: it is read", name)
		}
	}
	c := &connection{endpoint: "iris"}
	for name, change := range map[string]func([]manifests.Document) []manifests.Document{
		"another endpoint": func(d []manifests.Document) []manifests.Document {
			d[3].Body = []byte("EndpointName: other\nEndpointConfigName: iris\n")
			return d
		},
		"a field that SageMaker does not know": func(d []manifests.Document) []manifests.Document {
			d[0].Body = append(d[0].Body, "Command: sh\n"...)
			return d
		},
		"a document of another kind": func(d []manifests.Document) []manifests.Document {
			return append(d, manifests.Document{Name: "service.yaml"})
		},
		"no configuration": func(d []manifests.Document) []manifests.Document { return d[:2] },
		"a variant without a model": func(d []manifests.Document) []manifests.Document {
			return append(d[:1:1], d[2:]...)
		},
		"a huge document": func(d []manifests.Document) []manifests.Document {
			d[0].Body = []byte(strings.Repeat("#", documentSize+1))
			return d
		},
	} {
		documents := recordOf(t, canary).Documents
		if _, err := c.parse(documents); err != nil {
			t.Fatal(err)
		}
		if _, err := c.parse(change(documents)); err == nil {
			t.Errorf("%s is accepted", name)
		}
	}
}
