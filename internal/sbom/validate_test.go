//go:build integration

package sbom

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/deployfile/deployfile/llb"
	"github.com/deployfile/deployfile/resolver"
)

// TestValidators asks the official validators.
func TestValidators(t *testing.T) {
	least := Input{Plan: &llb.Plan{
		Platform: "linux/arm64", Base: resolver.Image{Ref: "context:base", Digest: "sha256:" + sum("b")},
		Config: llb.ConfigPlan{Created: "2026-01-01T00:00:00+02:00"},
	}}
	for name, in := range map[string]Input{"example": example(), "least": least} {
		for _, f := range documents() {
			t.Run(name+"/"+f.name, func(t *testing.T) {
				data, err := f.write(in)
				if err != nil {
					t.Fatal(err)
				}
				validate(t, f.name, data)
			})
		}
	}
}

func validate(t *testing.T, name string, data []byte) {
	t.Helper()
	python := os.Getenv("DEPLOYFILE_TEST_PYTHON")
	if python == "" {
		t.Fatal("DEPLOYFILE_TEST_PYTHON is not set; run make test, or hack/with-env.sh go test ./sbom")
	}
	file := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(file, data, 0o644); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command(python, filepath.Join("testdata", "validate.py"), file).CombinedOutput(); err != nil {
		t.Errorf("%v:\n%s", err, out)
	}
}

// TestValidatorsRefuse makes sure that the validators look.
func TestValidatorsRefuse(t *testing.T) {
	python := os.Getenv("DEPLOYFILE_TEST_PYTHON")
	if python == "" {
		t.Fatal("DEPLOYFILE_TEST_PYTHON is not set; run make test, or hack/with-env.sh go test ./sbom")
	}
	for name, change := range map[string][2]string{
		"example.spdx.json": {`"BSD-3-Clause AND`, `"BSD-3-Clause XAND`},
		"example.cdx.json":  {`"machine-learning-model"`, `"magic"`},
	} {
		data, err := os.ReadFile(filepath.Join("testdata", name))
		if err != nil {
			t.Fatal(err)
		}
		file := filepath.Join(t.TempDir(), name)
		if err := os.WriteFile(file, bytes.Replace(data, []byte(change[0]), []byte(change[1]), 1), 0o644); err != nil {
			t.Fatal(err)
		}
		if err := exec.Command(python, filepath.Join("testdata", "validate.py"), file).Run(); err == nil {
			t.Errorf("%s with %s passes", name, change[1])
		}
	}
}
