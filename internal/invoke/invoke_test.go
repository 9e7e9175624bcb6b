package invoke

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// TestServersRedirectNowhere has a model's server send the request elsewhere.
func TestServersRedirectNowhere(t *testing.T) {
	asked := false
	inner := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { asked = true }))
	t.Cleanup(inner.Close)
	server := httptest.NewServer(http.RedirectHandler(inner.URL, http.StatusTemporaryRedirect))
	t.Cleanup(server.Close)
	for name, client := range map[string]*http.Client{"here": Loopback(), "at a target": clientFor("https://models.example.com")} {
		_, err := post(t.Context(), client, server.URL, "application/json", nil, []byte("{}"))
		if err == nil || !strings.Contains(err.Error(), "307 Temporary Redirect") {
			t.Errorf("%s: %v", name, err)
		}
	}
	if asked {
		t.Error("the request went to where the model's server sent it")
	}
}
