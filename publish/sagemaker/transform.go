package sagemaker

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	api "github.com/aws/aws-sdk-go-v2/service/sagemaker"
	"github.com/aws/aws-sdk-go-v2/service/sagemaker/types"

	"github.com/deployfile/deployfile/publish"
	"github.com/deployfile/deployfile/publish/internal/chunks"
	"github.com/deployfile/deployfile/publish/internal/wait"
)

// work is what a transform job reads and writes.
type work struct {
	in, out location
	format  chunks.Format
	// largest is the size of the largest request, in bytes.
	largest int64
}

// jobName returns the name of a new transform job, of at most 63 characters.
func (c *connection) jobName() string {
	return c.endpoint + "-" + strings.ToLower(rand.Text()[:12])
}

// stopLimit is how long a transform job may take to end.
const stopLimit = 5 * time.Minute

// transform runs a job and waits for its end. It ends the job if ctx ends.
func (b *batch) transform(ctx context.Context, w work) error {
	in := &api.CreateTransformJobInput{
		TransformJobName: aws.String(b.job), ModelName: aws.String(b.model),
		// One object is one request.
		BatchStrategy:  types.BatchStrategySingleRecord,
		MaxPayloadInMB: aws.Int32(int32(max(6, w.largest>>20+1))),
		TransformInput: &types.TransformInput{
			ContentType: aws.String(w.format.MediaType()), SplitType: types.SplitTypeNone,
			DataSource: &types.TransformDataSource{S3DataSource: &types.TransformS3DataSource{S3DataType: types.S3DataTypeS3Prefix, S3Uri: aws.String(w.in.String())}},
		},
		TransformOutput:    &types.TransformOutput{S3OutputPath: aws.String(w.out.String()), Accept: aws.String("application/json"), KmsKeyId: b.batch.kmsKey},
		TransformResources: &types.TransformResources{InstanceType: types.TransformInstanceType(b.batch.instanceType), InstanceCount: aws.Int32(int32(b.batch.instances)), VolumeKmsKeyId: b.batch.kmsKey},
		Tags:               b.batch.tags,
	}
	_, err := b.api.CreateTransformJob(ctx, in)
	var answer *awshttp.ResponseError
	switch {
	case err == nil || named(err, "ResourceInUse"): // its answer was lost: nobody else has the name
		b.o.Progress("started transform job " + b.job)
		err = b.follow(ctx)
	case errors.As(err, &answer) && answer.HTTPStatusCode()/100 == 4:
		return refused("create transform job "+b.job, err)
	default: // it may be there
		err = refused("create transform job "+b.job, err)
	}
	var ended *JobError
	if err == nil || errors.As(err, &ended) {
		return err
	}
	if ctx.Err() != nil {
		err = context.Cause(ctx)
	}
	fresh, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopLimit)
	defer cancel()
	return errors.Join(err, b.stop(fresh))
}

// JobError is a batch that has failed.
type JobError struct {
	// Job is its name, Status how it has ended, and Reason why.
	Job, Status, Reason string
	// Log is the end of its log.
	Log []string
}

// Error has the reason and the log, over several lines.
func (e *JobError) Error() string {
	text := fmt.Sprintf("transform job %s is %s", e.Job, e.Status)
	if e.Reason != "" {
		text += ": " + e.Reason
	}
	if len(e.Log) > 0 {
		text += "\nlast lines of its log:\n  " + strings.Join(e.Log, "\n  ")
	}
	return text
}

// follow waits for the end of the job.
func (b *batch) follow(ctx context.Context) error {
	said := types.TransformJobStatusInProgress
	for {
		job, err := b.describeJob(ctx)
		if err != nil {
			return err
		}
		switch job.TransformJobStatus {
		case types.TransformJobStatusCompleted:
			return nil
		case types.TransformJobStatusFailed, types.TransformJobStatusStopped:
			return b.failed(ctx, job)
		}
		if job.TransformJobStatus != said {
			said = job.TransformJobStatus
			b.o.Progress(fmt.Sprintf("transform job %s is %s", b.job, said))
		}
		if err := wait.For(ctx, b.poll); err != nil {
			return err
		}
	}
}

func (b *batch) describeJob(ctx context.Context) (*api.DescribeTransformJobOutput, error) {
	var job *api.DescribeTransformJobOutput
	for n := 1; ; n++ {
		var err error
		job, err = b.api.DescribeTransformJob(ctx, &api.DescribeTransformJobInput{TransformJobName: aws.String(b.job)})
		if err == nil {
			return job, nil
		}
		// A new job is not seen everywhere at once.
		if !missing(err) || n >= looks {
			return nil, refused("describe transform job "+b.job, err)
		}
		if err := wait.For(ctx, b.poll); err != nil {
			return nil, err
		}
	}
}

// stop ends the job, and waits until it has ended. One that cannot be found was not made,
// or is not seen everywhere yet.
func (b *batch) stop(ctx context.Context) error {
	for n := 1; ; n++ {
		_, err := b.api.StopTransformJob(ctx, &api.StopTransformJobInput{TransformJobName: aws.String(b.job)})
		switch {
		case missing(err) && n >= looks:
			return nil
		case missing(err):
			if err := wait.For(ctx, min(b.poll, poll/5)); err != nil {
				return err
			}
			continue
		case err != nil && !said(err, "is in"): // otherwise it ends already
			return refused("stop transform job "+b.job, err)
		}
		job, err := b.describeJob(ctx)
		if err != nil {
			return err
		}
		if s := job.TransformJobStatus; s != types.TransformJobStatusInProgress && s != types.TransformJobStatusStopping {
			return nil
		}
		if err := wait.For(ctx, b.poll); err != nil {
			return err
		}
	}
}

// groupOfJobs is the log group of all transform jobs.
const groupOfJobs = "/aws/sagemaker/TransformJobs"

// failed explains a job that has failed, with the end of its log.
func (b *batch) failed(ctx context.Context, job *api.DescribeTransformJobOutput) error {
	out := &JobError{Job: b.job, Status: string(job.TransformJobStatus), Reason: aws.ToString(job.FailureReason)}
	lines, err := b.eventsOf(ctx, groupOfJobs, b.job+"/", time.Time{})
	if err != nil {
		out.Log = []string{"it is not known: " + err.Error()}
	}
	for _, e := range lines[max(0, len(lines)-publish.LogLines):] {
		out.Log = append(out.Log, strings.TrimRight(aws.ToString(e.Message), "\r\n"))
	}
	return out
}
