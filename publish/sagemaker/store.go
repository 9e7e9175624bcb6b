package sagemaker

import (
	"context"
	"fmt"
	"maps"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	api "github.com/aws/aws-sdk-go-v2/service/sagemaker"
	"github.com/aws/aws-sdk-go-v2/service/sagemaker/types"

	"github.com/deployfile/deployfile/manifests"
	"github.com/deployfile/deployfile/publish"
)

// lease is how far a renewal extends a deadline. Renewing costs two requests.
const lease = 2 * time.Minute

// store keeps each record in the tags of the revision's live model. CreateModel is the
// lock: a model needs nothing else to be there, whereas a configuration needs its models,
// so whoever lost a lock on configurations would have made models that another may use.
type store struct {
	*connection

	mu sync.Mutex
	// arns are those of models by name. done has the records that change no more, by the
	// name and the time of creation of their models. Own are the numbers of those that were
	// created here, which a list may lack for some seconds.
	arns map[string]string
	done map[string]publish.Record
	own  map[int]types.ModelSummary
}

// Lease implements publish.Store.
func (s *store) Lease() time.Duration { return lease }

// List implements publish.Store.
func (s *store) List(ctx context.Context) (out []publish.Record, err error) {
	pages := api.NewListModelsPaginator(s.api, &api.ListModelsInput{NameContains: aws.String(s.endpoint + "-r"), MaxResults: aws.Int32(100)})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, refused("list models", err)
		}
		for _, m := range page.Models {
			number, ok := manifests.RevisionOfTag(s.endpoint, aws.ToString(m.ModelName))
			if !ok {
				continue
			}
			r, err := s.read(ctx, m, number)
			if missing(err) {
				continue // it was deleted meanwhile
			}
			if err != nil {
				return nil, err
			}
			out = append(out, r)
		}
	}
	return s.withOwn(ctx, out)
}

// withOwn adds the records that were created here and that a list lacks.
func (s *store) withOwn(ctx context.Context, listed []publish.Record) ([]publish.Record, error) {
	s.mu.Lock()
	own := maps.Clone(s.own)
	s.mu.Unlock()
	for _, r := range listed {
		delete(own, r.Number)
	}
	for number, m := range own {
		r, err := s.read(ctx, m, number)
		if missing(err) {
			continue
		}
		if err != nil {
			return nil, err
		}
		listed = append(listed, r)
	}
	return listed, nil
}

// read reads the record of a model.
func (s *store) read(ctx context.Context, m types.ModelSummary, number int) (publish.Record, error) {
	name := aws.ToString(m.ModelName)
	id := name + " " + aws.ToTime(m.CreationTime).String()
	s.mu.Lock()
	s.arns[name] = aws.ToString(m.ModelArn)
	r, known := s.done[id]
	s.mu.Unlock()
	if known {
		return r, nil
	}
	tags, err := s.tags(ctx, aws.ToString(m.ModelArn))
	if err != nil {
		return r, err
	}
	r, err = records().Decode(tags)
	if err == nil && (r.Number != number || r.State.Live.Target.Endpoint != s.endpoint) {
		err = fmt.Errorf("it is of revision %d of %s", r.Number, r.State.Live.Target.Endpoint)
	}
	if err != nil {
		return r, fmt.Errorf("model %s has no record in its tags, so it was not made by deployfile: delete it, or set another endpoint for the target: %w", name, err)
	}
	if r.Phase == publish.Deployed && r.Deadline.IsZero() {
		s.mu.Lock()
		s.done[id] = r
		s.mu.Unlock()
	}
	return r, nil
}

// tags returns the tags of a resource.
func (c *connection) tags(ctx context.Context, arn string) (map[string]string, error) {
	out := map[string]string{}
	pages := api.NewListTagsPaginator(c.api, &api.ListTagsInput{ResourceArn: aws.String(arn)})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, refused("list the tags of "+arn, err)
		}
		for _, t := range page.Tags {
			out[aws.ToString(t.Key)] = aws.ToString(t.Value)
		}
	}
	return out, nil
}

// Create implements publish.Store.
func (s *store) Create(ctx context.Context, r publish.Record) error {
	q, err := s.parse(r.Documents)
	if err != nil {
		return err
	}
	tags, err := encode(r)
	if err != nil {
		return err
	}
	name := s.modelName(r.Number)
	made, err := s.api.CreateModel(ctx, s.modelRequest(q, r.Number, tags))
	if exists(err) {
		return fmt.Errorf("model %s: %w", name, publish.ErrExists)
	}
	if err != nil {
		return refused("create model "+name, err)
	}
	s.mu.Lock()
	s.arns[name], s.own[r.Number] = aws.ToString(made.ModelArn), types.ModelSummary{ModelName: aws.String(name), ModelArn: made.ModelArn}
	s.mu.Unlock()
	return nil
}

// held returns the ARN of a record's model, "" if the record is gone.
func (s *store) held(ctx context.Context, r publish.Record) (string, error) {
	name := s.modelName(r.Number)
	s.mu.Lock()
	arn := s.arns[name]
	s.mu.Unlock()
	if arn == "" {
		m, err := s.api.DescribeModel(ctx, &api.DescribeModelInput{ModelName: aws.String(name)})
		if missing(err) {
			return "", nil
		}
		if err != nil {
			return "", refused("describe model "+name, err)
		}
		arn = aws.ToString(m.ModelArn)
	}
	tags, err := s.tags(ctx, arn)
	if missing(err) {
		return "", nil
	}
	if err != nil || tags[records().Attempt()] != r.Attempt {
		return "", err
	}
	return arn, nil
}

// Update implements publish.Store.
func (s *store) Update(ctx context.Context, r publish.Record) error {
	arn, err := s.held(ctx, r)
	if err != nil {
		return err
	}
	if arn != "" {
		_, err = s.api.AddTags(ctx, &api.AddTagsInput{ResourceArn: aws.String(arn), Tags: progress(r)})
	}
	if arn == "" || missing(err) {
		return fmt.Errorf("model %s: %w", s.modelName(r.Number), publish.ErrGone)
	}
	if err != nil {
		return refused("tag model "+s.modelName(r.Number), err)
	}
	return nil
}

// Delete implements publish.Store. It deletes what the revision consists of, the record
// last. SageMaker would delete also what the endpoint uses, and patch its instances never
// again.
func (s *store) Delete(ctx context.Context, r publish.Record) error {
	arn, err := s.held(ctx, r)
	if err != nil || arn == "" {
		return err
	}
	e, err := s.look(ctx)
	if err != nil {
		return err
	}
	if config := s.configName(r.Number); e != nil && e.EndpointStatus != types.EndpointStatusDeleting && (aws.ToString(e.EndpointConfigName) == config || pendingOf(e) == config) {
		return fmt.Errorf("endpoint %s uses configuration %s, so it stays", s.endpoint, config)
	}
	if err := s.deleteConfig(ctx, r.Number); err != nil {
		return err
	}
	if err := s.removeData(ctx, r); err != nil {
		return err
	}
	for _, name := range []string{s.nextName(r.Number), s.modelName(r.Number)} {
		if _, err := s.api.DeleteModel(ctx, &api.DeleteModelInput{ModelName: aws.String(name)}); err != nil && !missing(err) {
			return refused("delete model "+name, err)
		}
	}
	s.mu.Lock()
	delete(s.own, r.Number)
	delete(s.arns, s.modelName(r.Number))
	s.mu.Unlock()
	return nil
}

func (c *connection) deleteConfig(ctx context.Context, number int) error {
	name := c.configName(number)
	if _, err := c.api.DeleteEndpointConfig(ctx, &api.DeleteEndpointConfigInput{EndpointConfigName: aws.String(name)}); err != nil && !missing(err) {
		return refused("delete configuration "+name, err)
	}
	return nil
}
