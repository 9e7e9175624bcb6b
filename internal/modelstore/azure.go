package modelstore

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/blob"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/bloberror"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/container"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/sas"
	"github.com/deployfile/deployfile/modelsource"
)

// azureContainer is a container of Azure Blob Storage.
type azureContainer struct {
	// name is the container as a source.
	name   string
	client *container.Client
	// signs says that addresses can be signed, and that a builder elsewhere reaches
	// the server.
	signs bool
	// keyed says that the credential is a key of the account, which may do everything.
	keyed bool
	// credential finds the user's login, and says why there is none. Then requests have
	// none, as a public container wants.
	credential func(ctx context.Context) error
}

var _ bucket = (*azureContainer)(nil)

// The variables of MLflow's client besides those of Azure's libraries.
const (
	azureConnection = "AZURE_STORAGE_CONNECTION_STRING"
	azureAccessKey  = "AZURE_STORAGE_ACCESS_KEY"
)

// azureScope is what a token of a login is asked for, in every cloud of Microsoft's.
const azureScope = "https://storage.azure.com/.default"

// openAzure returns a container, with the credentials that MLflow would take
// (mlflow/store/artifact/azure_blob_artifact_repo.py). Those of a login, which whoever
// gets them can use, go to Microsoft's hosts alone: ParseObjects takes no others.
func openAzure(n modelsource.ObjectsName, o Options) (bucket, error) {
	options := &container.ClientOptions{ClientOptions: policy.ClientOptions{
		Transport: &http.Client{Transport: limitAnswers(plainTransport()), CheckRedirect: noRedirect},
		Retry:     policy.RetryOptions{MaxRetries: attempts - 1},
	}}
	place := n
	place.Prefix = ""
	a := &azureContainer{name: place.String(), credential: func(context.Context) error { return nil }}
	address := "https://" + n.Account + ".blob." + n.Cloud + "/" + n.Bucket
	if text := o.Getenv(azureConnection); text != "" {
		return a, a.connect(text, n, options)
	}
	if key := o.Getenv(azureAccessKey); key != "" {
		shared, err := container.NewSharedKeyCredential(n.Account, key)
		if err != nil {
			return nil, errors.New(azureAccessKey + " is not a key of a storage account")
		}
		a.client, err = container.NewClientWithSharedKeyCredential(address, shared, options)
		a.signs, a.keyed = true, true
		return a, err
	}
	login, err := azidentity.NewDefaultAzureCredential(nil)
	if err != nil {
		return nil, err
	}
	if a.client, err = container.NewClient(address, login, options); err != nil {
		return nil, err
	}
	public, err := container.NewClientWithNoCredential(address, options)
	a.credential = once(func(ctx context.Context) error {
		_, missing := login.GetToken(ctx, policy.TokenRequestOptions{Scopes: []string{azureScope}})
		if missing != nil {
			a.client = public
		}
		return missing
	})
	return a, err
}

// connect uses a connection string, which may name another server, such as an emulator.
func (a *azureContainer) connect(text string, n modelsource.ObjectsName, options *container.ClientOptions) error {
	if account := connectionAccount(text); account != "" && account != n.Account {
		return fmt.Errorf("%s is of the account %q, and the source is of %q", azureConnection, account, n.Account)
	}
	var err error
	if a.client, err = container.NewClientFromConnectionString(text, n.Bucket, options); err != nil {
		return errors.New(azureConnection + " is not valid") // the error may hold it
	}
	u, err := url.Parse(a.client.URL())
	a.keyed = strings.Contains(text, "AccountKey=")
	a.signs = err == nil && !onLoopback(u.Host) && a.keyed
	return nil
}

// connectionAccount returns the account that a connection string names.
func connectionAccount(text string) string {
	for _, part := range strings.Split(text, ";") {
		if account, ok := strings.CutPrefix(strings.TrimSpace(part), "AccountName="); ok {
			return account
		}
	}
	return ""
}

// page implements bucket.
func (a *azureContainer) page(ctx context.Context, prefix, next string) ([]object, string, error) {
	missing := a.credential(ctx)
	// Accounts with directories list them as blobs, which only their metadata tells.
	in := &container.ListBlobsFlatOptions{Prefix: &prefix, Include: container.ListBlobsInclude{Metadata: true}}
	if next != "" {
		in.Marker = &next
	}
	out, err := a.client.NewListBlobsFlatPager(in).NextPage(ctx)
	if err != nil {
		return nil, "", a.explain(ctx, "its list", err, missing)
	}
	var found []object
	if out.Segment != nil {
		for _, item := range out.Segment.BlobItems {
			if item.Name == nil || item.Properties == nil || item.Properties.ContentLength == nil {
				return nil, "", fmt.Errorf("%s: it lists a blob without a name or a size", a.name)
			}
			if isAzureDirectory(item.Metadata) {
				continue
			}
			o := object{key: *item.Name, size: *item.Properties.ContentLength}
			if item.Properties.ETag != nil {
				o.etag = string(*item.Properties.ETag)
			}
			found = append(found, o)
		}
	}
	following := ""
	if out.NextMarker != nil {
		following = *out.NextMarker
	}
	return found, following, nil
}

func isAzureDirectory(metadata map[string]*string) bool {
	for name, value := range metadata {
		if strings.EqualFold(name, "hdi_isfolder") && value != nil && *value == "true" {
			return true
		}
	}
	return false
}

// blob returns a client of a blob, of one version of it if the revision is not "".
func (a *azureContainer) blob(key, revision string) (*blob.Client, error) {
	b := a.client.NewBlobClient(key)
	if revision == "" {
		return b, nil
	}
	return b.WithVersionID(revision)
}

// stat implements bucket.
func (a *azureContainer) stat(ctx context.Context, key, revision string) (object, error) {
	missing := a.credential(ctx)
	b, err := a.blob(key, revision)
	if err != nil {
		return object{}, err
	}
	out, err := b.GetProperties(ctx, nil)
	if err != nil {
		return object{}, a.explain(ctx, fmt.Sprintf("%q", key), err, missing)
	}
	o := object{key: key}
	if out.ContentLength != nil {
		o.size = *out.ContentLength
	}
	if out.ETag != nil {
		o.etag = string(*out.ETag)
	}
	if out.VersionID != nil {
		o.revision = *out.VersionID
	}
	return o, nil
}

// open implements bucket.
func (a *azureContainer) open(ctx context.Context, o object, offset int64) (io.ReadCloser, error) {
	missing := a.credential(ctx)
	b, err := a.blob(o.key, o.revision)
	if err != nil {
		return nil, err
	}
	in := &blob.DownloadStreamOptions{Range: blob.HTTPRange{Offset: offset}}
	if o.etag != "" {
		etag := azcore.ETag(o.etag)
		in.AccessConditions = &blob.AccessConditions{ModifiedAccessConditions: &blob.ModifiedAccessConditions{IfMatch: &etag}}
	}
	out, err := b.DownloadStream(streams(ctx), in)
	if err != nil {
		return nil, a.explain(ctx, fmt.Sprintf("%q", o.key), err, missing)
	}
	if offset > 0 && (out.ContentRange == nil || !strings.HasPrefix(*out.ContentRange, fmt.Sprintf("bytes %d-", offset))) {
		_ = out.Body.Close()
		return nil, fmt.Errorf("%s: %q: it answers with another part than it was asked for", a.name, o.key)
	}
	return out.Body, nil
}

// sign implements bucket. Only the key of an account signs.
func (a *azureContainer) sign(_ context.Context, key, revision string, valid time.Duration) (string, error) {
	if !a.signs {
		return "", nil
	}
	b, err := a.blob(key, revision)
	if err != nil {
		return "", err
	}
	return b.GetSASURL(sas.BlobPermissions{Read: true}, time.Now().Add(valid), nil)
}

// headers implements bucket.
func (*azureContainer) headers(context.Context) (map[string]string, error) { return nil, nil }

// authorities implements bucket.
func (a *azureContainer) authorities() []byte { return nil }

// explain says what an error of Azure's libraries means, and what to do about it; missing
// is why there is no credential.
func (a *azureContainer) explain(ctx context.Context, what string, err, missing error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	at := a.name + ": " + what
	var answer *azcore.ResponseError
	if !errors.As(err, &answer) {
		return fmt.Errorf("%s: %w", at, err)
	}
	denied := answer.StatusCode == http.StatusForbidden || answer.StatusCode == http.StatusUnauthorized
	switch {
	case bloberror.HasCode(err, bloberror.ContainerNotFound):
		return fmt.Errorf("%s: there is no such container", at)
	case bloberror.HasCode(err, bloberror.InvalidRange):
		return fmt.Errorf("%s: %w", at, errShorter)
	case bloberror.HasCode(err, bloberror.ConditionNotMet):
		return fmt.Errorf("%s: it has changed since it was listed; run the command again", at)
	case missing != nil && (denied || answer.StatusCode == http.StatusConflict || answer.StatusCode == http.StatusNotFound):
		// Of a container that is not public, Azure says 409, and 404 for its objects.
		return fmt.Errorf("%s: it is not public, or not there, and no credential of Azure is found: set %s or %s, or run az login", at, azureConnection, azureAccessKey)
	case answer.StatusCode == http.StatusNotFound:
		return fmt.Errorf("%s: %w", at, errNoObject)
	case bloberror.HasCode(err, bloberror.AuthenticationFailed, bloberror.AuthorizationFailure) && a.keyed:
		return fmt.Errorf("%s: Azure's credential is wrong or has expired", at)
	case denied:
		return fmt.Errorf("%s: the credential does not allow it (%s): a model needs the role Storage Blob Data Reader", at, answer.ErrorCode)
	}
	return fmt.Errorf("%s: %d %s: %s", at, answer.StatusCode, http.StatusText(answer.StatusCode), answer.ErrorCode)
}
