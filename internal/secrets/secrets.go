// Package secrets reads secret values from AWS Secrets Manager.
package secrets

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"

	"github.com/calendarinvite/calendarinviteserver/internal/fault"
)

// Store reads secrets.
type Store struct{ client *secretsmanager.Client }

// New returns a Store on the account that cfg names.
func New(cfg aws.Config) *Store { return &Store{client: secretsmanager.NewFromConfig(cfg)} }

// Get is the current value of the secret of that name.
func (s *Store) Get(ctx context.Context, name string) ([]byte, error) {
	value, err := s.client.GetSecretValue(ctx, &secretsmanager.GetSecretValueInput{SecretId: &name})
	if err != nil {
		return nil, fault.Wrap(fault.Unavailable, "secret", fmt.Errorf("read secret %s: %w", name, err))
	}
	if value.SecretBinary != nil {
		return value.SecretBinary, nil
	}
	return []byte(aws.ToString(value.SecretString)), nil
}
