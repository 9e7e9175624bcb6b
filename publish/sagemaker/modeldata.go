package sagemaker

import (
	"archive/tar"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"maps"
	"path"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/feature/s3/transfermanager"

	spec "github.com/deployfile/deployfile/manifests/sagemaker"
	"github.com/deployfile/deployfile/publish"
)

var _ publish.ModelKeeper = (*Publisher)(nil)

// KeepModel implements publish.ModelKeeper. An object is there as a whole or not at all, so
// what is there with its size was uploaded before; the server compares the hashes.
func (p *Publisher) KeepModel(ctx context.Context, place string, files []publish.ModelFile, open func(read func(tar io.Reader) error) error) error {
	to, ok := locationOf(place)
	if !ok {
		return fmt.Errorf("%s is not in S3", place)
	}
	lacks, err := p.lacking(ctx, to, files)
	if err != nil || len(lacks) == 0 {
		return err
	}
	return open(func(archive io.Reader) error { return p.upload(ctx, to, lacks, archive) })
}

// lacking returns the files of a model, by their paths, that are not in S3 yet.
func (p *Publisher) lacking(ctx context.Context, to location, files []publish.ModelFile) (map[string]publish.ModelFile, error) {
	out := map[string]publish.ModelFile{}
	for _, f := range files {
		out[f.Path] = f
	}
	objects, err := p.list(ctx, to)
	if err != nil {
		return nil, err
	}
	for _, o := range objects {
		name := strings.TrimPrefix(o.key, to.key)
		f, ok := out[name]
		if !ok {
			return nil, fmt.Errorf("%s is no file of the model: delete it, because SageMaker takes all that is there", o.location)
		}
		if f.Size == o.size {
			delete(out, name)
		}
	}
	return out, nil
}

// partSize returns the size of the parts of an upload, of which S3 takes 10,000.
func partSize(size int64) int64 { return max(8<<20, size/9000) }

// upload writes the files of an archive to S3 that are lacking there.
func (p *Publisher) upload(ctx context.Context, to location, lacks map[string]publish.ModelFile, archive io.Reader) error {
	lacks = maps.Clone(lacks)
	for files := tar.NewReader(archive); ; {
		h, err := files.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}
		name := path.Clean(strings.TrimPrefix(h.Name, "./"))
		f, ok := lacks[name]
		switch {
		case h.Typeflag == tar.TypeSymlink || h.Typeflag == tar.TypeLink:
			return fmt.Errorf("the model's %s is a link, and S3 has none: leave out model-data", name)
		case h.Typeflag != tar.TypeReg || !ok:
			continue
		case h.Size != f.Size:
			return fmt.Errorf("the model's %s has %d bytes, and %d in the lock: run deployfile lock", name, h.Size, f.Size)
		}
		delete(lacks, name)
		if err := p.uploadFile(ctx, to.under(name), f, files); err != nil {
			return err
		}
	}
	for name := range lacks {
		return fmt.Errorf("the model's %s is in the lock and was not built", name)
	}
	return nil
}

// uploadFile writes a file, large ones in parts. One with another hash is removed again.
func (p *Publisher) uploadFile(ctx context.Context, to location, f publish.ModelFile, content io.Reader) error {
	manager := transfermanager.New(p.storage, func(o *transfermanager.Options) {
		o.PartSizeBytes = partSize(f.Size)
		o.RequestChecksumCalculation = aws.RequestChecksumCalculationWhenRequired
		o.FailTimeout = publish.StopLimit
	})
	digest := sha256.New()
	_, err := manager.UploadObject(ctx, &transfermanager.UploadObjectInput{Bucket: &to.bucket, Key: &to.key, Body: io.TeeReader(content, digest)})
	if err != nil {
		return refused("write "+to.String(), err)
	}
	if hex.EncodeToString(digest.Sum(nil)) != f.SHA256 {
		return errors.Join(fmt.Errorf("the model's %s is not the one in the lock: run deployfile lock", f.Path), p.removeOne(ctx, to))
	}
	return nil
}

// dataOf returns where the models of a record are, as far as they are this endpoint's own.
func (c *connection) dataOf(r publish.Record) (out []location) {
	for _, slot := range r.State.Slots() {
		endpoint, _, ok := spec.ParseModelData(slot.ModelImage)
		if at, inS3 := locationOf(slot.ModelImage); ok && inS3 && endpoint == c.endpoint {
			out = append(out, at)
		}
	}
	return out
}

// removeData deletes the models that a record has and no other.
func (s *store) removeData(ctx context.Context, r publish.Record) error {
	data := s.dataOf(r)
	if len(data) == 0 {
		return nil
	}
	records, err := s.List(ctx)
	if err != nil {
		return err
	}
	used := map[location]bool{}
	for _, other := range records {
		if other.Number != r.Number {
			for _, at := range s.dataOf(other) {
				used[at] = true
			}
		}
	}
	for _, at := range data {
		if !used[at] {
			if err := s.removeAll(ctx, at); err != nil {
				return err
			}
		}
	}
	return nil
}

// removeAllData deletes all models of the endpoint, also those of deployments that ended
// before there was a record.
func (d *driver) removeAllData(ctx context.Context, records []publish.Record) error {
	places := map[location]bool{}
	if at, ok := locationOf(d.keys.Data); ok {
		places[at.under(d.endpoint+"/")] = true
	}
	for _, r := range records {
		for _, at := range d.dataOf(r) {
			places[at] = true
		}
	}
	for at := range places {
		if err := d.removeAll(ctx, at); err != nil {
			return err
		}
	}
	return nil
}
