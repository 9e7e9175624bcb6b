package sagemaker

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/deployfile/deployfile/publish"
	"github.com/deployfile/deployfile/publish/internal/chunks"
)

var _ publish.Batcher = (*Publisher)(nil)

// requestSize is about how large a request is that rows are cut into, in bytes.
const requestSize = 4 << 20

// Batch implements publish.Batcher with a transform job of the live release. Rows are cut
// into requests, each an object of S3, and the answers put together again. An input that
// ends with "/" has its requests already: all objects below it, each of which is answered
// by an object below the output.
func (p *Publisher) Batch(ctx context.Context, o publish.BatchOptions) error {
	status, err := p.Status(ctx)
	if err != nil {
		return err
	}
	if status.Revision == nil {
		return &publish.NothingError{Endpoint: p.endpoint}
	}
	if status.Revision.State.Live.ModelImage != "" {
		return fmt.Errorf("[targets.%s] has model-data, and SageMaker runs no batch with a model from S3: deploy a target without it", p.target)
	}
	if p.batch.instanceType == "" {
		return fmt.Errorf("the type of instance is not known: write instance-type in [targets.%s.batch]", p.target)
	}
	if o.Timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeoutCause(ctx, o.Timeout, fmt.Errorf("it takes longer than %s", o.Timeout))
		defer cancel()
	}
	if o.Progress == nil {
		o.Progress = func(string) {}
	}
	b := &batch{connection: p.connection, o: o, model: p.modelName(status.Revision.Number), job: p.jobName()}
	if strings.HasSuffix(o.Input, "/") || strings.HasSuffix(o.Output, "/") {
		return b.each(ctx)
	}
	return b.one(ctx)
}

// batch is one run over an input.
type batch struct {
	*connection
	o          publish.BatchOptions
	model, job string
}

// each answers each object below the input with one below the output.
func (b *batch) each(ctx context.Context) error {
	in, inOK := locationOf(b.o.Input)
	out, outOK := locationOf(b.o.Output)
	if !inOK || !outOK || !strings.HasSuffix(in.key, "/") || !strings.HasSuffix(out.key, "/") {
		return fmt.Errorf("the input or the output ends with /: then both must be s3://BUCKET/PREFIX/, and not %s and %s", b.o.Input, b.o.Output)
	}
	objects, err := b.list(ctx, in)
	if err != nil {
		return err
	}
	if len(objects) == 0 {
		return fmt.Errorf("there is nothing below %s", in)
	}
	var largest int64
	var format chunks.Format
	for _, o := range objects {
		f, err := chunks.Of(o.key)
		switch {
		case err != nil:
			return err
		case f == chunks.JSONLines:
			return fmt.Errorf("%s: a server takes no JSON lines: name this object alone, which cuts it into requests", o)
		case format != "" && f != format:
			return fmt.Errorf("%s and %s have different formats: a batch has one", objects[0], o)
		case o.size > chunks.MaxWhole:
			return fmt.Errorf("%s is larger than the %d MiB that a request may have: name it alone, which cuts it into requests", o, chunks.MaxWhole>>20)
		}
		format, largest = f, max(largest, o.size)
	}
	return b.transform(ctx, work{in: in, out: out, format: format, largest: largest})
}

// one answers the rows of one file with another.
func (b *batch) one(ctx context.Context) (err error) {
	format, err := chunks.Of(b.o.Input)
	if err == nil {
		_, err = chunks.Of(b.o.Output)
	}
	if err != nil {
		return err
	}
	place, err := b.place()
	if err != nil {
		return err
	}
	if _, remote := locationOf(b.o.Output); !remote {
		// Checked before anything costs.
		if _, err := os.Stat(filepath.Dir(b.o.Output)); err != nil {
			return fmt.Errorf("the output's directory: %w", err)
		}
	}
	defer func() {
		fresh, cancel := context.WithTimeout(context.WithoutCancel(ctx), publish.CleanupLimit)
		defer cancel()
		err = errors.Join(err, b.removeAll(fresh, place.under("")))
	}()
	w := work{in: place.under("in/"), out: place.under("out/"), format: format}
	count, err := b.upload(ctx, &w)
	if err != nil {
		return err
	}
	if count > 0 {
		if err := b.transform(ctx, w); err != nil {
			return err
		}
	}
	return b.collect(ctx, w, count)
}

// place returns where the objects of the job are while it runs.
func (b *batch) place() (location, error) {
	if l, ok := locationOf(b.storageURL); ok {
		return l.under(b.job), nil
	}
	if l, ok := locationOf(b.o.Output); ok {
		l.key += "." + b.job
		return l, nil
	}
	return location{}, fmt.Errorf("a batch reads and writes S3: write storage = \"s3://BUCKET/PREFIX\" in [targets.%s]", b.target)
}

// upload cuts the input into requests, and returns how many there are.
func (b *batch) upload(ctx context.Context, w *work) (count int, err error) {
	in, err := b.open(ctx)
	if err != nil {
		return 0, err
	}
	defer in.Close()
	err = chunks.Split(in, w.format, requestSize, func(request []byte) error {
		name := fmt.Sprintf("part-%06d", count)
		count++
		if count > mostObjects {
			return fmt.Errorf("it has more than %d requests of %d MiB: cut it into several inputs", mostObjects, requestSize>>20)
		}
		w.largest = max(w.largest, int64(len(request)))
		return b.put(ctx, w.in.under(name), bytes.NewReader(request))
	})
	if err != nil {
		return 0, fmt.Errorf("the input %s: %w", b.o.Input, err)
	}
	b.o.Progress(fmt.Sprintf("%s is cut into %d requests", b.o.Input, count))
	return count, nil
}

func (b *batch) open(ctx context.Context) (io.ReadCloser, error) {
	if l, ok := locationOf(b.o.Input); ok {
		return b.get(ctx, l)
	}
	if strings.Contains(b.o.Input, "://") {
		return nil, fmt.Errorf("the input %s is neither a file nor s3://BUCKET/KEY", b.o.Input)
	}
	return os.Open(b.o.Input)
}

// collect puts the answers together, and writes them whole or not at all.
func (b *batch) collect(ctx context.Context, w work, count int) error {
	format, err := chunks.Of(b.o.Output)
	if err != nil {
		return err
	}
	to, remote := locationOf(b.o.Output)
	dir := filepath.Dir(b.o.Output)
	if remote {
		dir = ""
	}
	f, err := os.CreateTemp(dir, ".deployfile-batch-*")
	if err != nil {
		return err
	}
	defer func() {
		_ = f.Close()
		_ = os.Remove(f.Name())
	}()
	join := chunks.NewJoin(f, format)
	for n := range count {
		if err := b.add(ctx, join, w.out.under(fmt.Sprintf("part-%06d.out", n))); err != nil {
			return err
		}
	}
	if err := join.Close(); err != nil {
		return err
	}
	if !remote {
		if err := errors.Join(f.Chmod(0o644), f.Close()); err != nil {
			return err
		}
		return os.Rename(f.Name(), b.o.Output)
	}
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return err
	}
	return b.put(ctx, to, f)
}

func (b *batch) add(ctx context.Context, join *chunks.Join, answer location) error {
	in, err := b.get(ctx, answer)
	if err != nil {
		return err
	}
	defer in.Close()
	return join.Add(in)
}
