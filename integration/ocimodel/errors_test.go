//go:build integration

package ocimodel

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/deployfile/deployfile/internal/testing/lab"
)

// TestErrors says once what of a name in a registry is wrong, at the line that has it.
func TestErrors(t *testing.T) {
	registry := lab.StartRegistry(t)
	c := newCLI(t)
	c.run("model", "push", registry.Host+"/models/iris:1", model(t, 1))
	denies := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("WWW-Authenticate", `Basic realm="models"`)
		w.WriteHeader(http.StatusUnauthorized)
		_, _ = w.Write([]byte(`{"errors":[{"code":"UNAUTHORIZED","message":"authentication required"}]}`))
	}))
	t.Cleanup(denies.Close)
	for name, want := range map[string]string{
		registry.Host + "/models/iris:2":                                 "/models/iris:2 is not in the registry",
		registry.Host + "/models/none:1":                                 "/models/none:1 is not in the registry",
		registry.Host + "/models/iris@sha256:" + strings.Repeat("0", 64): "000 is not in the registry",
		strings.TrimPrefix(denies.URL, "http://") + "/models/iris:1":     "401 Unauthorized: no credential was given, or one that does not allow it; give one by docker login 127.0.0.1:",
		"127.0.0.1:1/models/iris:1":                                      "connection refused",
	} {
		p := project(t, "oci://"+name)
		out := c.fails(append(append([]string{"lock"}, flags(p, shared.builder)...), p.Dir)...)
		if strings.Count(out, "error:") != 1 || !strings.Contains(out, want) || !strings.Contains(out, "Deployfile:3:10: error: ") {
			t.Errorf("%s: want %q:\n%s", name, want, out)
		}
	}
}
