package sagemaker

import (
	"maps"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sagemaker/types"

	"github.com/deployfile/deployfile/publish"
	"github.com/deployfile/deployfile/publish/internal/tags"
)

// records is how tags keep records: a resource has at most 50, of which users may have ten.
func records() tags.Scheme { return tags.Scheme{Prefix: "deployfile:", Parts: 36} }

// encode returns the tags of a record.
func encode(r publish.Record) ([]types.Tag, error) {
	out, err := records().Encode(r)
	return tagList(out), err
}

// progress returns the tags that Update changes.
func progress(r publish.Record) []types.Tag { return tagList(records().Progress(r)) }

func tagList(from map[string]string) []types.Tag {
	var out []types.Tag
	for _, key := range slices.Sorted(maps.Keys(from)) {
		out = append(out, tagOf(key, from[key]))
	}
	return out
}

func tagOf(key, value string) types.Tag {
	return types.Tag{Key: aws.String(key), Value: aws.String(value)}
}
