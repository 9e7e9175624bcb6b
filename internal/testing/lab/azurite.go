package lab

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"net/http"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/container"
)

// Azurite serves the API of Azure Blob Storage from its memory.
type Azurite struct {
	// Connection is what AZURE_STORAGE_CONNECTION_STRING is to be, Key the key in it.
	Connection, Key string

	container *container.Client
}

// AzuriteAccount is the account that an Azurite has.
const AzuriteAccount = "tests"

// StartAzurite starts a server with a container, which ends with the test.
func StartAzurite(t *testing.T, n Network, name string) *Azurite {
	t.Helper()
	port, err := FreePort()
	if err != nil {
		t.Fatal(err)
	}
	const key = "bm90IGEga2V5IG9mIGFueWJvZHksIGJ1dCBvZiB0aGUgdGVzdHMgYWxvbmU="
	host := net.JoinHostPort(n.Address, strconv.Itoa(port))
	a := &Azurite{Key: key, Connection: fmt.Sprintf("DefaultEndpointsProtocol=http;AccountName=%s;AccountKey=%s;BlobEndpoint=http://%s/%[1]s;", AzuriteAccount, key, host)}
	dir := t.TempDir()
	c := n.Command(context.Background(), "azurite-blob", "--blobHost", n.Address, "--blobPort", strconv.Itoa(port), "--inMemoryPersistence",
		"--disableTelemetry", "--skipApiVersionCheck", "--silent")
	c.Env = append(c.Environ(), "AZURITE_ACCOUNTS="+AzuriteAccount+":"+key)
	p, err := StartCommand(filepath.Join(dir, "log"), func() bool {
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		conn, err := n.Dial(ctx, "tcp", host)
		if err != nil {
			return false
		}
		_ = conn.Close()
		return true
	}, c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Stop)
	o := &container.ClientOptions{ClientOptions: azcore.ClientOptions{Transport: &http.Client{Transport: n.Transport()}}}
	if a.container, err = container.NewClientFromConnectionString(a.Connection, name, o); err != nil {
		t.Fatal(err)
	}
	if _, err := a.container.Create(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	return a
}

// Put writes a blob. Metadata may be nil.
func (a *Azurite) Put(t *testing.T, name string, data []byte, metadata map[string]*string) {
	t.Helper()
	b := a.container.NewBlockBlobClient(name)
	if _, err := b.UploadStream(t.Context(), bytes.NewReader(data), nil); err != nil {
		t.Fatalf("put %q: %v", name, err)
	}
	if metadata != nil {
		if _, err := b.SetMetadata(t.Context(), metadata, nil); err != nil {
			t.Fatalf("put %q: %v", name, err)
		}
	}
}
