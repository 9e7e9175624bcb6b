package modelstore

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/deployfile/deployfile/internal/modelcache"
	"github.com/deployfile/deployfile/modelsource"
)

// TestDownload survives what servers and networks do, and refuses wrong bytes.
func TestDownload(t *testing.T) {
	content := bytes.Repeat([]byte("weights "), 100_000)
	hash := sha256.Sum256(content)
	sum := hex.EncodeToString(hash[:])
	for name, tt := range map[string]struct {
		// answer answers the n-th request.
		answer func(n int32, w http.ResponseWriter, r *http.Request)
		known  bool
		want   string
	}{
		"5xx and 429 twice": {answer: func(n int32, w http.ResponseWriter, r *http.Request) {
			if n <= 2 {
				w.Header().Set("Retry-After", "0")
				w.WriteHeader([]int{503, 429}[n-1])
				return
			}
			_, _ = w.Write(content)
		}},
		"cut, ranges honoured": {known: true, answer: func(n int32, w http.ResponseWriter, r *http.Request) {
			if n == 1 {
				cut(w, content)
				return
			}
			if r.Header.Get("Range") == "" {
				t.Error("it is not resumed")
			}
			http.ServeContent(w, r, "x", modified, bytes.NewReader(content))
		}},
		"cut, ranges ignored": {known: true, answer: func(n int32, w http.ResponseWriter, r *http.Request) {
			if n == 1 {
				cut(w, content)
				return
			}
			_, _ = w.Write(content)
		}},
		"cut, hash not known": {answer: func(n int32, w http.ResponseWriter, r *http.Request) {
			if n == 1 {
				cut(w, content)
				return
			}
			if r.Header.Get("Range") != "" {
				t.Error("a file that may have changed is resumed")
			}
			_, _ = w.Write(content)
		}},
		"short": {answer: func(n int32, w http.ResponseWriter, r *http.Request) {
			if n == 1 {
				_, _ = w.Write(content[:1000])
				return
			}
			_, _ = w.Write(content)
		}},
		"too long": {want: "more than the 800000 bytes", answer: func(_ int32, w http.ResponseWriter, _ *http.Request) {
			_, _ = w.Write(append(content, "more"...))
		}},
		"wrong": {known: true, want: "deployfile lock --upgrade", answer: func(_ int32, w http.ResponseWriter, _ *http.Request) {
			_, _ = w.Write(bytes.ToUpper(content))
		}},
		"403": {known: true, want: "403 Forbidden", answer: func(_ int32, w http.ResponseWriter, _ *http.Request) { w.WriteHeader(403) }},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFake(t)
			var asked atomic.Int32
			f.ServeMux.HandleFunc(artifacts+"/1/m/w", func(w http.ResponseWriter, r *http.Request) { tt.answer(asked.Add(1), w, r) })
			cache, closed, err := modelcache.Open(t.TempDir(), modelcache.DefaultLimit)
			if err != nil {
				t.Fatal(err)
			}
			defer closed()
			file := File{Path: "w", Size: int64(len(content))}
			if tt.known {
				file.SHA256 = sum
			}
			got, err := Download(t.Context(), cache, f.store(t), "m", []File{file})
			if tt.want != "" {
				if err == nil || !strings.Contains(err.Error(), tt.want) || cache.Has(sum, file.Size) {
					t.Errorf("error %v, want %q", err, tt.want)
				}
				return
			}
			if err != nil || got[0].SHA256 != sum || !cache.Has(sum, file.Size) {
				t.Errorf("%v, %v", got, err)
			}
		})
	}
}

// cut answers with less than it says.
func cut(w http.ResponseWriter, content []byte) {
	w.Header().Set("Content-Length", fmt.Sprint(len(content)))
	_, _ = w.Write(content[:len(content)/3])
	panic(http.ErrAbortHandler)
}

// TestCredentials are those of MLflow's client.
func TestCredentials(t *testing.T) {
	home := t.TempDir()
	if err := os.Mkdir(filepath.Join(home, ".mlflow"), 0o700); err != nil {
		t.Fatal(err)
	}
	file := "[other]\nmlflow_tracking_username = x\n[mlflow]\nmlflow_tracking_username = me\nMLFLOW_TRACKING_PASSWORD=pass=word\n"
	if err := os.WriteFile(filepath.Join(home, ".mlflow", "credentials"), []byte(file), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		home string
		env  map[string]string
		want string
	}{
		{"", nil, ""},
		{home, nil, "Basic bWU6cGFzcz13b3Jk"},
		{home, map[string]string{modelsource.MLflowPassword: "other"}, "Basic bWU6b3RoZXI="},
		{"", map[string]string{modelsource.MLflowToken: "t"}, "Bearer t"},
		{"", map[string]string{modelsource.MLflowToken: "t", modelsource.MLflowUsername: "me", modelsource.MLflowPassword: "p"}, "Basic bWU6cA=="},
	} {
		h, err := credentials(Options{Home: tt.home, Getenv: func(name string) string { return tt.env[name] }})
		if err != nil || h.Get("Authorization") != tt.want {
			t.Errorf("%v: %v, %v", tt, h, err)
		}
	}
}
