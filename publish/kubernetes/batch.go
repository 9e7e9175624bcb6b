package kubernetes

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"k8s.io/apimachinery/pkg/util/rand"

	"github.com/deployfile/deployfile/internal/untrusted"
	"github.com/deployfile/deployfile/manifests/cluster"
	"github.com/deployfile/deployfile/publish"
)

// Batch implements publish.Batcher with a Job of the live release. A local input is
// part of the Job's objects and a local output is read from its log, so both have a
// limit; the Job itself reads and writes URLs. It is removed in any case.
func (p *Publisher) Batch(ctx context.Context, o publish.BatchOptions) error {
	newest, err := p.newest(ctx)
	if err != nil {
		return err
	}
	b, err := p.describe(o)
	if err != nil {
		return err
	}
	documents, err := cluster.BatchJob(newest.State.Live.Release, b)
	if err != nil {
		return err
	}
	objects, err := p.objects(ctx, documents)
	if err != nil {
		return err
	}
	if o.Timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeoutCause(ctx, o.Timeout, fmt.Errorf("it takes longer than %s", o.Timeout))
		defer cancel()
	}
	run := &batch{connection: p.connection, o: o, objects: objects, name: b.Name}
	err = run.do(ctx, b.Output == "-")
	fresh, cancel := context.WithTimeout(context.WithoutCancel(ctx), publish.CleanupLimit)
	defer cancel()
	return errors.Join(err, run.remove(fresh))
}

// describe names the Job and reads a local input.
func (c *connection) describe(o publish.BatchOptions) (cluster.Batch, error) {
	const suffix = 12 // of "-batch-" and five letters
	stem := c.endpoint[:min(len(c.endpoint), 63-suffix)]
	b := cluster.Batch{
		Name:  strings.TrimRight(stem, "-") + "-batch-" + rand.String(5),
		Input: o.Input, Output: o.Output, Timeout: o.Timeout,
	}
	if local(o.Input) {
		content, err := readInput(o.Input)
		if err != nil {
			return b, fmt.Errorf("the input: %w", err)
		}
		b.Input, b.Content, b.InputFormat = "-", content, format(o.Input)
	}
	if local(o.Output) {
		// Checked before the Job runs, which may take an hour.
		if _, err := os.Stat(filepath.Dir(o.Output)); err != nil {
			return b, fmt.Errorf("the output's folder: %w", err)
		}
		b.Output, b.OutputFormat = "-", format(o.Output)
	}
	return b, nil
}

// maxInput bounds what is read of an input, in bytes. A cluster takes less, which
// manifests checks.
const maxInput = 64 * cluster.MaxBatchContent

// readInput reads a file that the user names, which may be a pipe.
func readInput(name string) ([]byte, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return untrusted.ReadAll(f, name, maxInput)
}

func local(location string) bool { return !strings.Contains(location, "://") }

func format(path string) string { return strings.TrimPrefix(filepath.Ext(path), ".") }
