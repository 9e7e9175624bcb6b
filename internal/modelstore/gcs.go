package modelstore

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"golang.org/x/oauth2"
	"golang.org/x/oauth2/google"
)

// gcsBucket is a bucket of Google Cloud Storage. It speaks the JSON API with the
// credentials of golang.org/x/oauth2/google, because cloud.google.com/go/storage brings
// gRPC's service mesh along, for two requests.
type gcsBucket struct {
	name string
	// api is the address of the JSON API.
	api    string
	client *client
	// tokens is where tokens come from, nil unless a credential is found.
	tokens oauth2.TokenSource
	// credential finds the user's credential, and says why there is none. Then requests
	// have none, as a public bucket wants.
	credential func(ctx context.Context) error
}

var _ bucket = (*gcsBucket)(nil)

// gcsEmulatorVariable names another server, which gets no credential.
const gcsEmulatorVariable = "STORAGE_EMULATOR_HOST"

const gcsReadOnly = "https://www.googleapis.com/auth/devstorage.read_only"

func openGCS(name string, o Options) (bucket, error) {
	address, emulated := "https://storage.googleapis.com", o.Getenv(gcsEmulatorVariable)
	if emulated != "" {
		if address = emulated; !strings.Contains(address, "://") {
			address = "http://" + address
		}
	}
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || u.User != nil || u.Scheme != "http" && u.Scheme != "https" {
		return nil, fmt.Errorf("%s is not an http or https address, or HOST:PORT", gcsEmulatorVariable)
	}
	plain := plainTransport()
	transport := &oauth2.Transport{Base: plain}
	b := &gcsBucket{name: name, api: strings.TrimRight(u.String(), "/") + "/storage/v1/b/" + url.PathEscape(name) + "/o"}
	b.client = &client{scheme: u.Scheme, host: u.Host, tries: attempts, silence: silence, http: &http.Client{
		Transport: transport, CheckRedirect: noRedirect,
	}}
	b.credential = once(func(ctx context.Context) error {
		var missing error
		if emulated == "" {
			var found *google.Credentials
			if found, missing = google.FindDefaultCredentials(context.WithoutCancel(ctx), gcsReadOnly); missing == nil {
				_, missing = found.TokenSource.Token()
			}
			if missing == nil {
				transport.Source, b.tokens = found.TokenSource, found.TokenSource
				return nil
			}
		}
		b.client.http.Transport = plain
		return missing
	})
	return b, nil
}

// gcsObject is an object as the API says it.
type gcsObject struct {
	Name       string      `json:"name"`
	Size       json.Number `json:"size"`
	Generation string      `json:"generation"`
}

func (o gcsObject) object() (object, error) {
	size, err := o.Size.Int64()
	if err != nil || size < 0 {
		return object{}, fmt.Errorf("%q has a size that is not a number", o.Name)
	}
	return object{key: o.Name, size: size, revision: o.Generation}, nil
}

// page implements bucket.
func (b *gcsBucket) page(ctx context.Context, prefix, next string) ([]object, string, error) {
	var answer struct {
		Items []gcsObject `json:"items"`
		Next  string      `json:"nextPageToken"`
	}
	q := url.Values{"prefix": {prefix}, "fields": {"items(name,size,generation),nextPageToken"}}
	if next != "" {
		q.Set("pageToken", next)
	}
	if err := b.json(ctx, "its list", "there is no such bucket", b.api+"?"+q.Encode(), &answer); err != nil {
		return nil, "", err
	}
	var found []object
	for _, item := range answer.Items {
		o, err := item.object()
		if err != nil {
			return nil, "", fmt.Errorf("gs://%s: %w", b.name, err)
		}
		found = append(found, o)
	}
	return found, answer.Next, nil
}

// stat implements bucket.
func (b *gcsBucket) stat(ctx context.Context, key, revision string) (object, error) {
	var answer gcsObject
	if err := b.json(ctx, fmt.Sprintf("%q", key), "", b.address(key, revision, "json"), &answer); err != nil {
		return object{}, err
	}
	return answer.object()
}

func (b *gcsBucket) address(key, revision, alt string) string {
	q := url.Values{"alt": {alt}}
	if revision != "" {
		q.Set("generation", revision)
	}
	return b.api + "/" + url.PathEscape(key) + "?" + q.Encode()
}

func (b *gcsBucket) json(ctx context.Context, what, unknown, address string, into any) error {
	missing := b.credential(ctx)
	err := b.client.json(ctx, what, func() (*http.Request, error) { return http.NewRequest(http.MethodGet, address, nil) }, into)
	return b.explain(what, unknown, err, missing)
}

// open implements bucket.
func (b *gcsBucket) open(ctx context.Context, o object, offset int64) (io.ReadCloser, error) {
	what := fmt.Sprintf("%q", o.key)
	missing := b.credential(ctx)
	// A file that was stored compressed stays so.
	body, from, err := b.client.get(ctx, what, b.address(o.key, o.revision, "media"), map[string]string{"Accept-Encoding": "gzip"}, offset)
	if err == nil && from != offset {
		_ = body.Close()
		err = errors.New("it answers with another part than it was asked for")
	}
	return body, b.explain(what, "", err, missing)
}

// sign implements bucket. Only the key of a service account signs addresses, but a token
// that may only read, and that soon ends, goes with any.
func (b *gcsBucket) sign(_ context.Context, key, revision string, _ time.Duration) (string, error) {
	if onLoopback(b.client.host) {
		return "", nil
	}
	return b.address(key, revision, "media"), nil
}

// headers implements bucket.
func (b *gcsBucket) headers(ctx context.Context) (map[string]string, error) {
	headers := map[string]string{"Accept-Encoding": "gzip"} // as open does
	if b.credential(ctx) != nil || b.tokens == nil {
		return headers, nil
	}
	token, err := b.tokens.Token()
	if err != nil {
		return nil, err
	}
	headers["Authorization"] = token.Type() + " " + token.AccessToken
	return headers, nil
}

// authorities implements bucket.
func (b *gcsBucket) authorities() []byte { return nil }

// explain says what an error means, and what to do about it. Unknown is what a 404 means,
// missing why there is no credential.
func (b *gcsBucket) explain(what, unknown string, err, missing error) error {
	if err == nil {
		return nil
	}
	at := fmt.Sprintf("gs://%s: %s", b.name, what)
	var refused *oauth2.RetrieveError
	switch code := status(err); {
	case code == http.StatusNotFound && unknown != "":
		return fmt.Errorf("%s: %s", at, unknown)
	case code == http.StatusNotFound:
		return fmt.Errorf("%s: %w", at, errNoObject)
	case code == http.StatusRequestedRangeNotSatisfiable:
		return fmt.Errorf("%s: %w", at, errShorter)
	case errors.As(missing, &refused) && (code == http.StatusUnauthorized || code == http.StatusForbidden):
		return fmt.Errorf("%s: it is not public, and Google's credential is not accepted (%s): run gcloud auth application-default login", at, refusal(refused))
	case missing != nil && (code == http.StatusUnauthorized || code == http.StatusForbidden):
		return fmt.Errorf("%s: it is not public, and no credential of Google is found: run gcloud auth application-default login, or set GOOGLE_APPLICATION_CREDENTIALS", at)
	case code == http.StatusUnauthorized:
		return fmt.Errorf("%s: Google's credential is not accepted", at)
	case code == http.StatusForbidden:
		return fmt.Errorf("%s: the credential does not allow it: a model needs storage.objects.list and storage.objects.get", at)
	}
	return fmt.Errorf("%s: %w", at, err)
}

// refusal says why Google gives no token.
func refusal(e *oauth2.RetrieveError) string {
	var answer struct {
		Error       string `json:"error"`
		Description string `json:"error_description"`
	}
	_ = json.Unmarshal(e.Body, &answer)
	return quotedReason(answer.Error + ": " + answer.Description)
}
