package sagemaker

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	api "github.com/aws/aws-sdk-go-v2/service/sagemaker"
	"github.com/aws/aws-sdk-go-v2/service/sagemaker/types"

	"github.com/deployfile/deployfile/internal/testing/awscloud"
	"github.com/deployfile/deployfile/manifests"
	spec "github.com/deployfile/deployfile/manifests/sagemaker"
	"github.com/deployfile/deployfile/publish"
)

// What somebody has changed by hand is named, and overwritten only if that is asked for.
func TestChangedByHand(t *testing.T) {
	v := begin(t, func(s *spec.Spec) { s.ResourceTags = map[string]string{"team": "flowers"} })
	v.Must("1")
	p := v.open()
	ctx := t.Context()
	e, err := p.look(ctx)
	if err != nil {
		t.Fatal(err)
	}
	changes := func(want string) {
		t.Helper()
		v.cloud.Wait(10 * time.Minute)
		documents, err := manifests.Render(manifests.Deployed(nil, v.Release("1")))
		if err != nil {
			t.Fatal(err)
		}
		got, err := v.open().Diff(ctx, documents)
		if err != nil || !strings.Contains(fmt.Sprint(got), want) {
			t.Errorf("%+v, %v: want %s", got, err, want)
		}
	}
	if _, err := p.api.AddTags(ctx, &api.AddTagsInput{ResourceArn: e.EndpointArn, Tags: []types.Tag{tagOf("team", "trees"), tagOf("other", "x")}}); err != nil {
		t.Fatal(err)
	}
	changes("-  Value: trees\n+  Value: flowers")
	if _, err := p.api.UpdateEndpointWeightsAndCapacities(ctx, &api.UpdateEndpointWeightsAndCapacitiesInput{
		EndpointName: aws.String("iris"), DesiredWeightsAndCapacities: []types.DesiredWeightAndCapacity{{VariantName: aws.String("live"), DesiredInstanceCount: aws.Int32(3)}},
	}); err != nil {
		t.Fatal(err)
	}
	changes("-  InitialInstanceCount: 3\n+  InitialInstanceCount: 1")
	v.Must("1")
	changes("[]")

	// Another configuration, by the console.
	config, err := p.api.DescribeEndpointConfig(ctx, &api.DescribeEndpointConfigInput{EndpointConfigName: aws.String("iris-r2")})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.api.CreateEndpointConfig(ctx, &api.CreateEndpointConfigInput{EndpointConfigName: aws.String("by-hand"), ProductionVariants: config.ProductionVariants}); err != nil {
		t.Fatal(err)
	}
	v.cloud.Wait(time.Minute)
	if err := (&driver{p.connection}).update(ctx, "by-hand", nil, false); err != nil {
		t.Fatal(err)
	}
	changes("by-hand, which is no revision's")
	var conflict *publish.ConflictError
	if _, err := v.Deploy("2"); !errors.As(err, &conflict) {
		t.Errorf("%v", err)
	}
	o := v.Options()
	o.ForceConflicts = true
	if _, err := publish.Deploy(ctx, v.open(), v.Release("2"), o); err != nil {
		t.Error(err)
	}
	v.Serves("2")
}

// An endpoint that somebody else has made stays as it is, also after a failure.
func TestForeign(t *testing.T) {
	v := begin(t, nil)
	v.Must("1")
	p := v.open()
	ctx := t.Context()
	if _, err := p.api.CreateEndpointConfig(ctx, &api.CreateEndpointConfigInput{EndpointConfigName: aws.String("foreign"), ProductionVariants: []types.ProductionVariant{{VariantName: aws.String("v"), ModelName: aws.String("iris-r1"), InitialVariantWeight: aws.Float32(1)}}}); err != nil {
		t.Fatal(err)
	}
	v.cloud.Wait(time.Minute)
	if _, err := p.api.CreateEndpoint(ctx, &api.CreateEndpointInput{EndpointName: aws.String("Other"), EndpointConfigName: aws.String("foreign")}); err != nil {
		t.Fatal(err)
	}
	v.cloud.Wait(10 * time.Minute)
	v.Target.Endpoint = "other"
	var conflict *publish.ConflictError
	if _, err := v.Deploy("2"); !errors.As(err, &conflict) {
		t.Errorf("%v", err)
	}
	if err := v.open().Delete(ctx); err != nil {
		t.Error(err)
	}
	o := v.Options()
	o.ForceConflicts = true
	v.cloud.Start = func(awscloud.Container) (awscloud.Server, error) { return nil, errors.New("broken") }
	if _, err := publish.Deploy(ctx, v.open(), v.Release("2"), o); err == nil {
		t.Error("it is deployed")
	}
	if there := v.cloud.There(); !slices.Contains(there, "endpoint Other InService foreign") {
		t.Errorf("%v", there)
	}
}
