package sagemaker

import (
	"context"
	"fmt"
	"io"
	"net/url"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
)

// location is an object of S3, or a prefix of some.
type location struct{ bucket, key string }

// locationOf parses s3://BUCKET/KEY. A key is no path of a URL: it may have a ? or a %,
// which say nothing.
func locationOf(text string) (l location, ok bool) {
	rest, ok := strings.CutPrefix(text, "s3://")
	l.bucket, l.key, _ = strings.Cut(rest, "/")
	return l, ok && l.bucket != ""
}

func (l location) String() string { return "s3://" + l.bucket + "/" + l.key }

// under returns what has a name below a prefix.
func (l location) under(name string) location {
	if l.key != "" && !strings.HasSuffix(l.key, "/") {
		l.key += "/"
	}
	l.key += name
	return l
}

// openStorage connects to S3, or to a server with its protocol.
func openStorage(c aws.Config) *s3.Client {
	return s3.NewFromConfig(c, func(o *s3.Options) {
		o.RequestChecksumCalculation = aws.RequestChecksumCalculationWhenRequired
		o.ResponseChecksumValidation = aws.ResponseChecksumValidationWhenRequired
		if o.BaseEndpoint == nil {
			return
		}
		u, err := url.Parse(*o.BaseEndpoint)
		o.UsePathStyle = err == nil && !strings.Contains(u.Hostname(), ".amazonaws.com")
	})
}

func (c *connection) put(ctx context.Context, to location, body io.ReadSeeker) error {
	_, err := c.storage.PutObject(ctx, &s3.PutObjectInput{Bucket: &to.bucket, Key: &to.key, Body: body})
	return refusedUnlessNil("write "+to.String(), err)
}

func (c *connection) get(ctx context.Context, from location) (io.ReadCloser, error) {
	out, err := c.storage.GetObject(ctx, &s3.GetObjectInput{Bucket: &from.bucket, Key: &from.key})
	if err != nil {
		return nil, refused("read "+from.String(), err)
	}
	return out.Body, nil
}

// object is an object of S3, with its size in bytes.
type object struct {
	location
	size int64
}

// mostObjects is how many objects a batch or a model may have.
const mostObjects = 100_000

// list returns the objects below a prefix.
func (c *connection) list(ctx context.Context, prefix location) ([]object, error) {
	var out []object
	pages := s3.NewListObjectsV2Paginator(c.storage, &s3.ListObjectsV2Input{Bucket: &prefix.bucket, Prefix: &prefix.key})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, refused("list "+prefix.String(), err)
		}
		for _, o := range page.Contents {
			out = append(out, object{location{prefix.bucket, aws.ToString(o.Key)}, aws.ToInt64(o.Size)})
		}
		if len(out) > mostObjects {
			return nil, fmt.Errorf("%s has more than %d objects", prefix, mostObjects)
		}
	}
	return out, nil
}

// removeOne deletes an object, if it is there.
func (c *connection) removeOne(ctx context.Context, l location) error {
	_, err := c.storage.DeleteObject(ctx, &s3.DeleteObjectInput{Bucket: &l.bucket, Key: &l.key})
	return refusedUnlessNil("delete "+l.String(), err)
}

// removeAll deletes what is below a prefix.
func (c *connection) removeAll(ctx context.Context, prefix location) error {
	objects, err := c.list(ctx, prefix)
	if err != nil {
		return err
	}
	for len(objects) > 0 {
		n := min(len(objects), 1000) // of one request
		var keys []types.ObjectIdentifier
		for _, o := range objects[:n] {
			keys = append(keys, types.ObjectIdentifier{Key: aws.String(o.key)})
		}
		objects = objects[n:]
		out, err := c.storage.DeleteObjects(ctx, &s3.DeleteObjectsInput{Bucket: &prefix.bucket, Delete: &types.Delete{Objects: keys, Quiet: aws.Bool(true)}})
		if err != nil {
			return refused("delete "+prefix.String(), err)
		}
		if len(out.Errors) > 0 {
			return fmt.Errorf("delete s3://%s/%s: %s", prefix.bucket, aws.ToString(out.Errors[0].Key), aws.ToString(out.Errors[0].Message))
		}
	}
	return nil
}
