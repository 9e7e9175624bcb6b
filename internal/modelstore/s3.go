package modelstore

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/smithy-go/logging"
	"github.com/deployfile/deployfile/internal/untrusted"
)

// s3Bucket is a bucket of S3, or of a server with its protocol.
type s3Bucket struct {
	name string
	// client is of the bucket's region, as far as that is known.
	client atomic.Pointer[s3.Client]
	cas    []byte
	// reach says that a builder elsewhere reaches the server.
	reach bool
	// credential finds the user's credential, and says why there is none. Then
	// requests have none, as a public bucket wants.
	credential func(ctx context.Context) error
}

var _ bucket = (*s3Bucket)(nil)

// The variables that say where S3 is, besides those of AWS' own library, and which
// authorities it has. A Deployfile cannot say it: credentials would go there.
const (
	s3EndpointVariable = "MLFLOW_S3_ENDPOINT_URL"
	caBundleVariable   = "AWS_CA_BUNDLE"
)

func openS3(ctx context.Context, name string, o Options) (bucket, error) {
	cfg, err := config.LoadDefaultConfig(ctx,
		config.WithDefaultRegion("us-east-1"),
		config.WithLogger(logging.Nop{}),
		config.WithHTTPClient(awshttp.NewBuildableClient().WithTransportOptions(func(t *http.Transport) {
			t.ResponseHeaderTimeout = silence
			t.DisableCompression = true
		})),
		config.WithRetryer(func() aws.Retryer {
			return retry.NewStandard(func(o *retry.StandardOptions) { o.MaxAttempts = attempts })
		}))
	if err != nil {
		return nil, fmt.Errorf("the configuration of AWS: %w", err)
	}
	b := &s3Bucket{name: name, reach: true}
	if file := o.Getenv(caBundleVariable); file != "" {
		if b.cas, err = untrusted.ReadNamed(file, maxCertificates); err != nil {
			return nil, fmt.Errorf("%s: %w", caBundleVariable, err)
		}
	}
	if sdk, ok := cfg.HTTPClient.(*awshttp.BuildableClient); ok {
		// The library freezes it, and follows redirects as it has to.
		cfg.HTTPClient = limitedDoer{sdk}
	}
	var bad error
	client := s3.NewFromConfig(cfg, func(s *s3.Options) {
		if e := o.Getenv(s3EndpointVariable); e != "" {
			s.BaseEndpoint = aws.String(e)
		}
		// A file's hash is compared anyway, and a part has none.
		s.ResponseChecksumValidation = aws.ResponseChecksumValidationWhenRequired
		s.DisableLogOutputChecksumValidationSkipped = true
		if s.BaseEndpoint == nil {
			return
		}
		u, err := url.Parse(*s.BaseEndpoint)
		if err != nil || u.Host == "" || u.User != nil || u.Scheme != "http" && u.Scheme != "https" {
			bad = errors.New("the endpoint of S3 (AWS_ENDPOINT_URL_S3, AWS_ENDPOINT_URL or MLFLOW_S3_ENDPOINT_URL) is not an http or https address")
			return
		}
		s.UsePathStyle = !strings.HasSuffix(u.Hostname(), ".amazonaws.com") && !strings.HasSuffix(u.Hostname(), ".amazonaws.com.cn")
		b.reach = !onLoopback(u.Host)
	})
	if bad != nil {
		return nil, bad
	}
	b.client.Store(client)
	b.credential = once(func(ctx context.Context) error {
		_, missing := cfg.Credentials.Retrieve(ctx)
		if missing != nil {
			b.client.Store(s3.New(client.Options(), func(o *s3.Options) { o.Credentials = aws.AnonymousCredentials{} }))
		}
		return missing
	})
	return b, nil
}

// limitedDoer limits the answers that AWS' library decodes.
type limitedDoer struct{ base *awshttp.BuildableClient }

// Do implements aws.HTTPClient.
func (l limitedDoer) Do(req *http.Request) (*http.Response, error) {
	return limitAnswers(doer(l)).RoundTrip(req)
}

type doer struct{ base *awshttp.BuildableClient }

func (d doer) RoundTrip(req *http.Request) (*http.Response, error) { return d.base.Do(req) }

// do calls the store, and again if the bucket is in another region.
func (b *s3Bucket) do(ctx context.Context, what string, call func(*s3.Client) error) error {
	missing := b.credential(ctx)
	client := b.client.Load()
	err := call(client)
	if region := regionOf(err); region != "" && region != client.Options().Region {
		client = s3.New(client.Options(), func(o *s3.Options) { o.Region = region })
		b.client.Store(client)
		err = call(client)
	}
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return context.Cause(ctx)
	}
	return fmt.Errorf("s3://%s: %s: %w", b.name, what, explainS3(err, missing))
}

// regionOf returns the region of a bucket that an error says.
func regionOf(err error) string {
	var resp *awshttp.ResponseError
	if errors.As(err, &resp) && resp.Response != nil && (resp.HTTPStatusCode() == 301 || resp.HTTPStatusCode() == 400) {
		return resp.Response.Header.Get("X-Amz-Bucket-Region")
	}
	return ""
}

// page implements bucket.
func (b *s3Bucket) page(ctx context.Context, prefix, next string) (found []object, following string, err error) {
	in := &s3.ListObjectsV2Input{Bucket: &b.name, EncodingType: types.EncodingTypeUrl}
	if prefix != "" {
		in.Prefix = &prefix
	}
	if next != "" {
		in.ContinuationToken = &next
	}
	err = b.do(ctx, "its list", func(c *s3.Client) error {
		out, err := c.ListObjectsV2(ctx, in)
		if err != nil {
			return err
		}
		found = nil
		for _, o := range out.Contents {
			key := aws.ToString(o.Key)
			// XML has no way to say control characters.
			if out.EncodingType == types.EncodingTypeUrl {
				if key, err = url.QueryUnescape(key); err != nil {
					return errors.New("it lists a name that is not valid")
				}
			}
			found = append(found, object{key: key, size: aws.ToInt64(o.Size), etag: aws.ToString(o.ETag)})
		}
		if following = ""; aws.ToBool(out.IsTruncated) {
			following = aws.ToString(out.NextContinuationToken)
		}
		return nil
	})
	return found, following, err
}

// stat implements bucket.
func (b *s3Bucket) stat(ctx context.Context, key, revision string) (object, error) {
	in := &s3.HeadObjectInput{Bucket: &b.name, Key: &key}
	if revision != "" {
		in.VersionId = &revision
	}
	o := object{key: key}
	err := b.do(ctx, fmt.Sprintf("%q", key), func(c *s3.Client) error {
		out, err := c.HeadObject(ctx, in)
		if err == nil {
			o.size, o.etag, o.revision = aws.ToInt64(out.ContentLength), aws.ToString(out.ETag), aws.ToString(out.VersionId)
		}
		return err
	})
	return o, err
}

// open implements bucket.
func (b *s3Bucket) open(ctx context.Context, o object, offset int64) (body io.ReadCloser, err error) {
	in := &s3.GetObjectInput{Bucket: &b.name, Key: &o.key}
	switch {
	case o.revision != "":
		in.VersionId = &o.revision
	case o.etag != "":
		in.IfMatch = &o.etag
	}
	if offset > 0 {
		in.Range = aws.String(fmt.Sprintf("bytes=%d-", offset))
	}
	err = b.do(ctx, fmt.Sprintf("%q", o.key), func(c *s3.Client) error {
		out, err := c.GetObject(streams(ctx), in)
		if err != nil {
			return err
		}
		if offset > 0 && !strings.HasPrefix(aws.ToString(out.ContentRange), fmt.Sprintf("bytes %d-", offset)) {
			_ = out.Body.Close()
			return errors.New("it answers with another part than it was asked for")
		}
		body = out.Body
		return nil
	})
	return body, err
}

// sign implements bucket.
func (b *s3Bucket) sign(ctx context.Context, key, revision string, valid time.Duration) (signed string, err error) {
	if !b.reach {
		return "", nil
	}
	in := &s3.GetObjectInput{Bucket: &b.name, Key: &key}
	if revision != "" {
		in.VersionId = &revision
	}
	err = b.do(ctx, fmt.Sprintf("%q", key), func(c *s3.Client) error {
		out, err := s3.NewPresignClient(c, s3.WithPresignExpires(valid)).PresignGetObject(ctx, in)
		if err == nil {
			signed = out.URL
		}
		return err
	})
	return signed, err
}

// headers implements bucket.
func (*s3Bucket) headers(context.Context) (map[string]string, error) { return nil, nil }

// authorities implements bucket.
func (b *s3Bucket) authorities() []byte { return b.cas }
