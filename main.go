// Command calendarinviteserver runs, on AWS Lambda, the one step that the setting HANDLER names.
package main

import (
	"context"
	"fmt"
	"os"

	"github.com/aws/aws-lambda-go/lambda"

	"github.com/calendarinvite/calendarinviteserver/handlers"
	"github.com/calendarinvite/calendarinviteserver/internal/app"
)

func main() {
	step, err := start(context.Background(), os.LookupEnv)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	lambda.Start(step)
}

// start builds the step that HANDLER names from the settings.
func start(ctx context.Context, lookup func(string) (string, bool)) (any, error) {
	name, _ := lookup("HANDLER")
	construct, err := handlers.Lookup(name)
	if err != nil {
		return nil, err
	}
	a := app.New(name, lookup, os.Stderr)
	step := construct(ctx, a)
	if err := a.Err(); err != nil {
		return nil, fmt.Errorf("%s cannot start: %w", name, err)
	}
	return step, nil
}
