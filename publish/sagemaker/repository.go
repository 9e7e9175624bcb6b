package sagemaker

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecr"
	"github.com/aws/aws-sdk-go-v2/service/ecr/types"
	"github.com/aws/smithy-go"

	spec "github.com/deployfile/deployfile/manifests/sagemaker"
	"github.com/deployfile/deployfile/publish"
)

var _ publish.Receiver = (*Publisher)(nil)

// Receive implements publish.Receiver. ECR makes no repository when an image is pushed.
// Whoever may not ask is told by the push.
func (p *Publisher) Receive(ctx context.Context) error {
	registry, ok := spec.ParseRepository(p.repository)
	if !ok {
		return nil // Render reports it
	}
	name := strings.TrimPrefix(p.repository, registry.Host+"/")
	_, err := p.ecr.DescribeRepositories(ctx, &ecr.DescribeRepositoriesInput{RegistryId: aws.String(registry.Account), RepositoryNames: []string{name}})
	var none *types.RepositoryNotFoundException
	var refusal smithy.APIError
	switch {
	case errors.As(err, &none) && !p.createRepository:
		return fmt.Errorf("there is no repository %s: write create-repository = true, or run: aws ecr create-repository --region %s --repository-name %s", p.repository, registry.Region, name)
	case errors.As(err, &none):
	case errors.As(err, &refusal) && refusal.ErrorCode() == "AccessDeniedException":
		return nil
	default:
		return refusedUnlessNil("look for repository "+p.repository, err)
	}
	_, err = p.ecr.CreateRepository(ctx, &ecr.CreateRepositoryInput{RegistryId: aws.String(registry.Account), RepositoryName: aws.String(name)})
	var there *types.RepositoryAlreadyExistsException
	if errors.As(err, &there) {
		return nil
	}
	return refusedUnlessNil("create repository "+p.repository, err)
}
