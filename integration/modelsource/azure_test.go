//go:build integration

package modelsource

import (
	"net/url"
	"strings"
	"testing"

	"github.com/deployfile/deployfile/internal/testing/buildtest"
	"github.com/deployfile/deployfile/internal/testing/lab"
)

const azureModels = "wasbs://models@" + lab.AzuriteAccount + ".blob.core.windows.net/"

// startAzurite starts a server of Azure Blob Storage with the container "models", and has
// this process use it.
func startAzurite(t *testing.T, n lab.Network) (*lab.Azurite, store) {
	t.Helper()
	server := lab.StartAzurite(t, n, "models")
	t.Setenv("AZURE_STORAGE_CONNECTION_STRING", server.Connection)
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	return server, store{
		source: func(prefix string) string { return azureModels + prefix },
		put:    func(t *testing.T, key string, data []byte) { t.Helper(); server.Put(t, key, data, nil) },
	}
}

// TestAzure makes the image of a model in Azure Blob Storage, where directories may be
// blobs that their metadata tells from files.
func TestAzure(t *testing.T) {
	server, s := startAzurite(t, lab.Loopback())
	yes := "true"
	server.Put(t, "team/my model/data", nil, map[string]*string{"hdi_isfolder": &yes})
	p, want := sameImage(t, s)
	for _, source := range []string{
		"abfss://models@" + lab.AzuriteAccount + ".dfs.core.windows.net/team/my model",
		"https://" + lab.AzuriteAccount + ".blob.core.windows.net/models/team/my model/",
	} {
		p.Edit(t, "Deployfile", `source = "`+s.source("team/my model")+`"`, `source = "`+source+`"`)
		p.Lock(t)
		if got := p.BuildWith(t, buildtest.DemandLock); got.Digest != want.Digest {
			t.Errorf("%s: the image is %s, want %s", source, got.Digest, want.Digest)
		}
		p.Edit(t, "Deployfile", `source = "`+source+`"`, `source = "`+s.source("team/my model")+`"`)
	}
	// Without versions, an overwritten blob has no other contents to fall back on.
	p.Lock(t)
	s.put(t, "team/my model/MLmodel", []byte("flavors: {}\n"))
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	_, _, err := p.On(shared.Second(t)).TryBuild(t, buildtest.DemandLock)
	buildtest.WantError(t, err, `model file "MLmodel": the store sent 12 of `, "deployfile lock --upgrade")
}

// TestAzureFromElsewhere fetches the files in the builder, at signed addresses that nobody
// sees.
func TestAzureFromElsewhere(t *testing.T) {
	n := lab.Loopback()
	n.Address = ownAddress(t)
	server, s := startAzurite(t, n)
	p, want := sameImage(t, s)
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	built, o, err := p.On(shared.Second(t)).TryBuild(t, buildtest.DemandLock)
	if err != nil {
		t.Fatalf("%v\n%s", err, lab.Tail(o.Log))
	}
	if built.Digest != want.Digest || !strings.Contains(o.Log, "files of the model") {
		t.Errorf("the image is %s, and that of the first builder %s; log:\n%s", built.Digest, want.Digest, lab.Tail(o.Log))
	}
	for _, secret := range []string{"sig=", server.Key, url.QueryEscape(server.Key)} {
		if strings.Contains(o.Log, secret) {
			t.Errorf("the log has %q", secret)
		}
	}
}

// TestAzureErrors says what of a source is wrong, at its line.
func TestAzureErrors(t *testing.T) {
	server, s := startAzurite(t, lab.Loopback())
	s.put(t, "iris/MLmodel", []byte("x"))
	s.put(t, "line/a\nb", []byte("x"))
	for name, tt := range map[string]struct {
		source, connection, want string
	}{
		"container": {"wasbs://nothing@tests.blob.core.windows.net/iris", server.Connection, "wasbs://nothing@tests.blob.core.windows.net: its list: there is no such container"},
		"key":       {azureModels + "none", server.Connection, azureModels + "none: there are no objects"},
		"line feed": {azureModels + "line", server.Connection, `"a\nb"`},
		"secret":    {azureModels + "iris", strings.Replace(server.Connection, server.Key, "aHVudGVyMg==", 1), "Azure's credential is wrong or has expired"},
		"string":    {azureModels + "iris", "AccountName=tests;AccountKey=hunter2%", "AZURE_STORAGE_CONNECTION_STRING is not valid"},
		"account":   {"wasbs://models@others.blob.core.windows.net/iris", server.Connection, `is of the account "tests", and the source is of "others"`},
		"host":      {"wasbs://models@tests.blob.example.com/iris", server.Connection, "it names no account of Azure"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Setenv("AZURE_STORAGE_CONNECTION_STRING", tt.connection)
			p := shared.Tiny(t, "")
			p.Edit(t, "Deployfile", `source = "model"`, `source = "`+tt.source+`"`)
			_, err := p.TryLock(t, nil)
			buildtest.WantError(t, err, tt.want)
			buildtest.WantSource(t, err, p.Read(t, "Deployfile"), `source = "`+tt.source+`"`)
			if strings.Contains(err.Error(), "hunter2") || strings.Contains(err.Error(), "aHVudGVyMg") || strings.Contains(err.Error(), "\n") {
				t.Errorf("%q", err)
			}
		})
	}
}
