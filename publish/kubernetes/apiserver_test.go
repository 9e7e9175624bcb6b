package kubernetes

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// The answers of a real API server are understood, each by one function alone.
func TestAnswersOfTheAPIServer(t *testing.T) {
	want := map[string]string{
		"forbidden":      `"ann" has no permission to list deployments.apps in namespace "models"`,
		"forbidden-core": `"ann" has no permission to get pods in namespace "models"`,
		"quota":          "quota",
		"webhook":        "webhook",
	}
	files, err := filepath.Glob("testdata/apiserver/*.json")
	if err != nil || len(files) != len(want) {
		t.Fatalf("%d answers, want %d (%v)", len(files), len(want), err)
	}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var status metav1.Status
		if err := json.Unmarshal(data, &status); err != nil {
			t.Fatal(err)
		}
		answer := &apierrors.StatusError{ErrStatus: status}
		var got []string
		if e := permissionOf(answer); e != nil {
			text, _, _ := strings.Cut(e.Error(), ": ask")
			got = append(got, text)
		}
		for what, is := range map[string]func(error) bool{"quota": quotaExceeded, "webhook": webhookFailed, "dry run": refusesDryRun} {
			if is(answer) {
				got = append(got, what)
			}
		}
		if d := cmp.Diff([]string{want[strings.TrimSuffix(filepath.Base(file), ".json")]}, got); d != "" {
			t.Errorf("%s (-want +got):\n%s", file, d)
		}
		if unavailable(answer) {
			t.Errorf("%s counts as an API server that is unavailable", file)
		}
	}
}
