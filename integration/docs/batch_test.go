//go:build integration

package docs

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/yaml"

	"github.com/deployfile/deployfile/internal/testing/cluster"
	"github.com/deployfile/deployfile/internal/testing/lab"
)

// batches are the places that the page's batches read and write.
type batches struct {
	claims, buckets string
	rows            int
}

// places makes the claim and the Secret that the page has, the one on a volume
// and the other for a store, with rows of the model's example in both.
func places(t *testing.T, n *cluster.NodeCluster, all []block) batches {
	t.Helper()
	store := lab.StartS3(t, lab.Network{Address: n.Address(), Command: n.Command, Dial: n.Dial}, "data")
	b := batches{claims: n.Volume(t), buckets: store.Dir}
	rows, content := exampleRows(t)
	b.rows = rows
	for _, file := range []string{filepath.Join(b.claims, "in/iris.csv"), filepath.Join(b.buckets, "data/in/iris.csv")} {
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, content, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	claims, secrets := n.Client.CoreV1().PersistentVolumeClaims(namespace), n.Client.CoreV1().Secrets(namespace)
	made := 0
	for _, x := range in("yaml", all) {
		switch {
		case strings.Contains(x.text, "kind: PersistentVolumeClaim"):
			var claim corev1.PersistentVolumeClaim
			parse(t, x, &claim)
			if _, err := claims.Create(t.Context(), &claim, metav1.CreateOptions{}); err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { remove(t, claims.Delete(context.Background(), claim.Name, metav1.DeleteOptions{})) })
			made++
		case strings.Contains(x.text, "AWS_"):
			var secret corev1.Secret
			parse(t, x, &secret)
			for name, value := range store.Env() {
				if secret.StringData[name] == "" {
					t.Errorf("line %d: no %s", x.line, name)
				}
				secret.StringData[name] = value
			}
			if _, err := secrets.Create(t.Context(), &secret, metav1.CreateOptions{}); err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { remove(t, secrets.Delete(context.Background(), secret.Name, metav1.DeleteOptions{})) })
			made++
		}
	}
	if made != 2 {
		t.Fatalf("the page has %d of a claim and a Secret of a store", made)
	}
	return b
}

// written checks that the page's batches have scored all rows.
func (b batches) written(t *testing.T) {
	t.Helper()
	table, err := os.ReadFile(filepath.Join(b.claims, "out/iris.csv"))
	if lines := strings.Split(string(table), "\n"); err != nil || len(lines) != b.rows+2 || lines[0] != "prediction" {
		t.Errorf("%v\n%s", err, table)
	}
	var answer struct{ Predictions []any }
	text, err := os.ReadFile(filepath.Join(b.buckets, "data/out/iris.json"))
	if err != nil || json.Unmarshal(text, &answer) != nil || len(answer.Predictions) != b.rows {
		t.Errorf("%v\n%s", err, text)
	}
}

func parse(t *testing.T, b block, object any) {
	t.Helper()
	if err := yaml.UnmarshalStrict([]byte(b.text), object); err != nil {
		t.Fatalf("line %d: %v", b.line, err)
	}
}

func remove(t *testing.T, err error) {
	if err != nil {
		t.Error(err)
	}
}

// exampleRows are those of the model's example, as CSV, and their number.
func exampleRows(t *testing.T) (int, []byte) {
	t.Helper()
	text, err := os.ReadFile("../../examples/iris/model/serving_input_example.json")
	if err != nil {
		t.Fatal(err)
	}
	var example struct {
		Split struct {
			Columns []string
			Data    [][]any
		} `json:"dataframe_split"`
	}
	if err := json.Unmarshal(text, &example); err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	w := csv.NewWriter(&out)
	records := [][]string{example.Split.Columns}
	for _, row := range example.Split.Data {
		var record []string
		for _, value := range row {
			record = append(record, fmt.Sprint(value))
		}
		records = append(records, record)
	}
	if err := w.WriteAll(records); err != nil {
		t.Fatal(err)
	}
	return len(example.Split.Data), out.Bytes()
}
