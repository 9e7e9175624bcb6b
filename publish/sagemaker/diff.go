package sagemaker

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	api "github.com/aws/aws-sdk-go-v2/service/sagemaker"
	"github.com/aws/aws-sdk-go-v2/service/sagemaker/types"
	"sigs.k8s.io/yaml"

	"github.com/deployfile/deployfile/manifests"
	spec "github.com/deployfile/deployfile/manifests/sagemaker"
	"github.com/deployfile/deployfile/publish"
	"github.com/deployfile/deployfile/publish/internal/linediff"
)

// Diff implements publish.Driver. It compares what the endpoint has with the documents:
// the fields that SageMaker adds by itself are no differences.
func (d *driver) Diff(ctx context.Context, records []publish.Record, documents []manifests.Document) ([]publish.Change, error) {
	if _, err := d.parse(documents); err != nil {
		return nil, err
	}
	e, err := d.look(ctx)
	if err != nil {
		return nil, err
	}
	scaled := scalesOf(documents)
	live, err := d.live(ctx, e, scaled.any)
	if err != nil {
		return nil, err
	}
	newest := publish.NewestDeployed(records)
	may := scaled
	if newest != nil {
		may = may.or(scalesOf(newest.Documents))
	}
	if err := d.addScaling(ctx, live, may); err != nil {
		return nil, err
	}
	var out []publish.Change
	for _, document := range documents {
		change, err := compare(d.endpoint, document, live[document.Name])
		if err != nil {
			return nil, err
		}
		if change == nil && document.Name == spec.DocumentEndpoint && newest != nil {
			if ready, message := d.stands(e, d.configName(newest.Number)); !ready && !underWay(e) {
				change = &publish.Change{Action: "update", Object: "endpoint " + d.endpoint, Diff: fmt.Sprintf("-%s\n+it serves %s\n", message, d.configName(newest.Number))}
			}
		}
		if change == nil {
			continue
		}
		if conflict := d.conflict(e); conflict != nil && document.Name == spec.DocumentEndpoint {
			change.Conflicts = conflict.Details
		}
		out = append(out, *change)
	}
	if _, left := live[spec.DocumentScaling]; left && !scaled.any {
		out = append(out, publish.Change{Action: "delete", Object: "autoscaling of " + d.endpoint})
	}
	if _, left := live[spec.DocumentAlarm]; left && !scaled.wake {
		out = append(out, publish.Change{Action: "delete", Object: "alarm " + spec.AlarmName(d.endpoint)})
	}
	if _, left := live[spec.DocumentNext]; left && !has(documents, spec.DocumentNext) {
		out = append(out, publish.Change{Action: "delete", Object: "variant " + spec.VariantNext})
	}
	return out, nil
}

func has(documents []manifests.Document, name string) bool {
	for _, d := range documents {
		if d.Name == name {
			return true
		}
	}
	return false
}

// live returns what the endpoint has, as documents would say it. If it is scaled, its number
// of instances says nothing.
func (d *driver) live(ctx context.Context, e *api.DescribeEndpointOutput, scaled bool) (map[string]map[string]any, error) {
	out := map[string]map[string]any{}
	if e == nil {
		return out, nil
	}
	out[spec.DocumentEndpoint] = map[string]any{"EndpointName": d.endpoint, "EndpointConfigName": d.endpoint}
	tags, err := d.tags(ctx, aws.ToString(e.EndpointArn))
	if err != nil {
		return nil, err
	}
	setTags(out[spec.DocumentEndpoint], tags)
	config, err := d.api.DescribeEndpointConfig(ctx, &api.DescribeEndpointConfigInput{EndpointConfigName: e.EndpointConfigName})
	if missing(err) {
		return out, nil
	}
	if err != nil {
		return nil, refused("describe configuration "+aws.ToString(e.EndpointConfigName), err)
	}
	variants := make([]*types.ProductionVariant, 0, 2)
	for _, list := range [][]types.ProductionVariant{config.ProductionVariants, config.ShadowProductionVariants} {
		for i := range list {
			variants = append(variants, &list[i])
		}
	}
	now := append(slices.Clone(e.ProductionVariants), e.ShadowProductionVariants...)
	for i, v := range variants {
		name, document := d.endpoint, spec.DocumentLive
		if i > 0 {
			name, document = d.endpoint+"-"+spec.VariantNext, spec.DocumentNext
		}
		m, err := d.api.DescribeModel(ctx, &api.DescribeModelInput{ModelName: v.ModelName})
		if err != nil && !missing(err) {
			return nil, refused("describe model "+aws.ToString(v.ModelName), err)
		}
		if err == nil {
			if out[document], err = tree(m); err != nil {
				return nil, err
			}
			out[document]["ModelName"] = name
		}
		v.ModelName = aws.String(name)
		// What was changed beside the configuration.
		for _, now := range now {
			if aws.ToString(now.VariantName) != aws.ToString(v.VariantName) || underWay(e) {
				continue
			}
			v.InitialVariantWeight = now.DesiredWeight
			if now.DesiredInstanceCount != nil && !(scaled && i == 0) {
				v.InitialInstanceCount = now.DesiredInstanceCount
			}
		}
	}
	config.EndpointConfigName = aws.String(d.endpoint)
	out[spec.DocumentConfig], err = tree(config)
	return out, err
}

// tree returns an answer as generic JSON.
func tree(answer any) (map[string]any, error) {
	text, err := json.Marshal(answer)
	if err != nil {
		return nil, err
	}
	var out map[string]any
	err = json.Unmarshal(text, &out)
	return out, err
}

func setTags(document map[string]any, tags map[string]string) {
	list := []any{}
	for _, key := range slices.Sorted(maps.Keys(tags)) {
		list = append(list, map[string]any{"Key": key, "Value": tags[key]})
	}
	document["Tags"] = list
}

// compare returns the change that makes a document of what is there, nil for none.
func compare(endpoint string, document manifests.Document, there map[string]any) (*publish.Change, error) {
	object := map[string]string{
		spec.DocumentLive: "model " + endpoint, spec.DocumentNext: "model " + endpoint + "-" + spec.VariantNext,
		spec.DocumentScaling: "autoscaling of " + endpoint, spec.DocumentPolicy: "policy of the autoscaling of " + endpoint,
		spec.DocumentWake: "policy " + spec.WakePolicy(endpoint), spec.DocumentAlarm: "alarm " + spec.AlarmName(endpoint),
		spec.DocumentConfig: "configuration " + endpoint, spec.DocumentEndpoint: "endpoint " + endpoint,
	}[document.Name]
	if there == nil {
		return &publish.Change{Action: "create", Object: object, Diff: linediff.Lines(nil, document.Body)}, nil
	}
	var wanted map[string]any
	if err := yaml.Unmarshal(document.Body, &wanted); err != nil {
		return nil, err
	}
	known, _ := alike(wanted, there).(map[string]any)
	if how, ok := wanted["DeploymentConfig"]; ok {
		// It is how an endpoint changes, and nothing that one has.
		known["DeploymentConfig"] = how
	}
	delete(known, "Tags")
	if tags := tagsLike(wanted["Tags"], there["Tags"], document.Name); tags != nil {
		known["Tags"] = tags
	}
	now, err := yaml.Marshal(known)
	if err != nil {
		return nil, err
	}
	if d := linediff.Lines(now, document.Body); d != "" {
		return &publish.Change{Action: "update", Object: object, Diff: d}, nil
	}
	return nil, nil
}

// tagsLike returns the tags that a document has: others may have added some. Those of a
// model and a configuration are as they were made.
func tagsLike(wanted, there any, document string) any {
	if document != spec.DocumentEndpoint {
		return wanted
	}
	want, _ := wanted.([]any)
	var out []any
	now, _ := there.([]any)
	for _, t := range now {
		fields, _ := t.(map[string]any)
		for _, w := range want {
			if named, _ := w.(map[string]any); named["Key"] == fields["Key"] {
				out = append(out, t)
			}
		}
	}
	if out == nil {
		return nil
	}
	return out
}

// alike returns of what is there the fields that a document has, and those that it lacks
// although they say something: no default of SageMaker's.
func alike(wanted, there any) any {
	switch there := there.(type) {
	case map[string]any:
		fields, _ := wanted.(map[string]any)
		out := map[string]any{}
		for name, value := range there {
			want, ok := fields[name]
			if ok {
				out[name] = alike(want, value)
			} else if says(name, value) {
				out[name] = value
			}
		}
		return out
	case []any:
		list, _ := wanted.([]any)
		out := []any{}
		for i, value := range there {
			var want any
			if i < len(list) {
				want = list[i]
			}
			out = append(out, alike(want, value))
		}
		return out
	}
	return there
}

// says reports whether a field that no document has was set by somebody.
func says(name string, value any) bool {
	switch name {
	case "EnableNetworkIsolation":
		return value == true
	case "VpcConfig", "KmsKeyId", "DataCaptureConfig", "Environment", "AsyncInferenceConfig", "VolumeSizeInGB", "ShadowProductionVariants", "ModelDataSource", "ModelDataUrl":
		return value != nil
	}
	return false
}
