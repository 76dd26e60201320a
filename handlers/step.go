package handlers

import (
	"context"
	"fmt"
	"runtime/debug"

	"github.com/aws/aws-lambda-go/lambda/messages"

	"github.com/calendarinvite/calendarinviteserver/internal/api"
	"github.com/calendarinvite/calendarinviteserver/internal/app"
	"github.com/calendarinvite/calendarinviteserver/internal/fault"
	"github.com/calendarinvite/calendarinviteserver/internal/maillog"
)

// asStep makes a step of a workflow from f: its errors are logged once and leave under the name that state machines match. A
// panic, which no input should be able to cause, is an error of kind Internal and not the end of the process.
func asStep[In, Out any](a *app.App, f func(context.Context, In) (Out, error)) func(context.Context, In) (Out, error) {
	return func(ctx context.Context, in In) (out Out, err error) {
		defer func() {
			if err = recovered(recover(), err); err != nil {
				a.Log.Fail(ctx, err)
				err = named(err)
			}
		}()
		return f(ctx, in)
	}
}

// asRoute makes a step behind API Gateway from f: its errors become answers, and nothing but their public sentence leaves.
func asRoute(a *app.App, f func(context.Context, api.Request) (api.Response, error)) func(context.Context, api.Request) (api.Response, error) {
	return guarded(a, f, api.Error)
}

// guarded is asRoute with answers to errors of the step's own, such as pages for people.
func guarded(a *app.App, f func(context.Context, api.Request) (api.Response, error), answer func(error) api.Response) func(context.Context, api.Request) (api.Response, error) {
	return func(ctx context.Context, request api.Request) (response api.Response, _ error) {
		var err error
		defer func() {
			if err = recovered(recover(), err); err != nil {
				a.Log.Fail(ctx, err)
				response = answer(err)
			}
		}()
		response, err = f(ctx, request)
		return response, nil
	}
}

func recovered(panicked any, err error) error {
	if panicked == nil {
		return err
	}
	return fault.Wrap(fault.Internal, "panic", fmt.Errorf("%v\n%s", panicked, debug.Stack()))
}

// named gives the error the kind as its type. The Lambda runtime would report the outermost Go type otherwise, which no Retry
// or Catch matches.
func named(err error) error {
	return messages.InvokeResponse_Error{Type: string(fault.KindOf(err)), Message: maillog.MaskText(err.Error())}
}
