package states

import (
	"context"
	"errors"
	"fmt"

	"github.com/calendarinvite/calendarinviteserver/localstack/asl"
	"github.com/calendarinvite/calendarinviteserver/localstack/lambda"
	"github.com/calendarinvite/calendarinviteserver/localstack/protocol"
)

// functions are the resources of Task states: Lambda functions.
func (s *Service) functions() asl.Functions {
	return asl.Functions{Invoke: func(ctx context.Context, name string, payload []byte) ([]byte, string, error) {
		answer, functionError, err := s.cfg.Invoke(ctx, name, payload)
		if errors.Is(err, lambda.ErrClosed) {
			// The stack is being stopped. The task is not to fail for that, but to be done again after the next start.
			<-ctx.Done()
			return nil, "", ctx.Err()
		}
		var refused *protocol.Error
		if errors.As(err, &refused) {
			err = &asl.Failure{Name: "Lambda." + refused.Code, Cause: causeOf(refused, "AWSLambda")}
		}
		return answer, functionError, err
	}}
}

// causeOf words the error of a service as the cause of a task's failure.
func causeOf(e *protocol.Error, service string) string {
	return fmt.Sprintf("%s (Service: %s; Status Code: %d; Error Code: %s; Request ID: %s; Proxy: null)",
		e.Message, service, e.Status, e.Code, protocol.RequestID())
}
