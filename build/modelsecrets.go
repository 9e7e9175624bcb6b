package build

import (
	"context"

	"github.com/moby/buildkit/session"
	"github.com/moby/buildkit/session/secrets"
	"google.golang.org/grpc"
)

// withSecrets adds secrets to those of a session.
type withSecrets struct {
	secrets.SecretsServer
	more map[string][]byte
}

var _ session.Attachable = (*withSecrets)(nil)

// Register implements session.Attachable.
func (s *withSecrets) Register(server *grpc.Server) { secrets.RegisterSecretsServer(server, s) }

// GetSecret implements secrets.SecretsServer.
func (s *withSecrets) GetSecret(ctx context.Context, req *secrets.GetSecretRequest) (*secrets.GetSecretResponse, error) {
	if value, ok := s.more[req.ID]; ok {
		return &secrets.GetSecretResponse{Data: value}, nil
	}
	return s.SecretsServer.GetSecret(ctx, req)
}
