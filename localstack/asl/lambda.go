package asl

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// Functions are the resources that Lambda functions are: arn:aws:states:::lambda:invoke, and a function's ARN.
// https://docs.aws.amazon.com/step-functions/latest/dg/connect-lambda.html
type Functions struct {
	// Invoke invokes a function by its name and returns its answer. functionError is not empty if the answer is
	// that of a function that failed. The error may be a *Failure, such as Lambda.TooManyRequestsException.
	Invoke func(ctx context.Context, name string, payload []byte) (answer []byte, functionError string, err error)
}

const invokeAction = "lambda:invoke"

// optimized returns the service and action of arn:PARTITION:states:::service:action.
func optimized(resource string) (action string, ok bool) {
	parts := strings.SplitN(resource, ":", 6)
	return parts[len(parts)-1], len(parts) == 6 && parts[2] == "states" && parts[3] == ""
}

// functionName returns the name in a function's ARN, or what is no ARN as it is.
func functionName(function string) string {
	parts := strings.Split(function, ":")
	if i := slices.Index(parts, "function"); i >= 0 && i+1 < len(parts) {
		return parts[i+1]
	}
	return parts[0]
}

func isFunctionARN(resource string) bool {
	parts := strings.Split(resource, ":")
	return len(parts) >= 7 && parts[2] == "lambda" && parts[5] == "function"
}

// Check accepts functions, and lambda:invoke with the parameters that a synchronous call takes.
func (f Functions) Check(resource string, parameters []byte) error {
	if isFunctionARN(resource) {
		return nil
	}
	if action, ok := optimized(resource); !ok || action != invokeAction {
		return NoResource(resource)
	}
	var given map[string]any
	if err := json.Unmarshal(parameters, &given); err != nil {
		return fmt.Errorf("no Parameters for %s", resource)
	}
	for name, value := range given {
		switch strings.TrimSuffix(name, ".$") {
		case "FunctionName", "Payload", "Qualifier":
		case "InvocationType":
			if value != "RequestResponse" {
				return fmt.Errorf("parameter InvocationType %v", value)
			}
		default:
			return fmt.Errorf("parameter %s of %s", name, resource)
		}
	}
	return nil
}

// Call invokes the function.
func (f Functions) Call(ctx context.Context, t Task) ([]byte, error) {
	if isFunctionARN(t.Resource) {
		return f.invoke(ctx, functionName(t.Resource), t.Input)
	}
	v, err := ParseJSON(t.Input)
	if err != nil {
		return nil, err
	}
	parameters, ok := v.(*Object)
	if !ok {
		return nil, &Failure{Name: ErrorRuntime, Cause: "Parameters of lambda:invoke must be an object"}
	}
	name, _ := parameters.values["FunctionName"].(string)
	if name == "" {
		return nil, &Failure{Name: ErrorRuntime, Cause: "The Parameters must contain 'FunctionName'"}
	}
	answer, err := f.invoke(ctx, functionName(name), payload(parameters.values["Payload"]))
	if err != nil {
		return nil, err
	}
	result, err := ParseJSON(answer)
	if err != nil {
		return nil, err
	}
	return JSON(NewObject(
		"ExecutedVersion", "$LATEST",
		"Payload", result,
		"SdkHttpMetadata", NewObject("HttpStatusCode", number(200)),
		"SdkResponseMetadata", NewObject("RequestId", t.RequestID),
		"StatusCode", number(200),
	)), nil
}

// payload is what a Payload or Input parameter sends: text that is JSON as it is, nothing as an empty object.
func payload(v any) []byte {
	switch v := v.(type) {
	case nil:
		return []byte("{}")
	case string:
		if json.Valid([]byte(v)) {
			return []byte(v)
		}
	}
	return JSON(v)
}

// invoke turns the error of a function into a failure by the name it gave.
func (f Functions) invoke(ctx context.Context, name string, payload []byte) ([]byte, error) {
	answer, functionError, err := f.Invoke(ctx, name, payload)
	if err != nil || functionError == "" {
		return answer, err
	}
	var told struct {
		ErrorType string `json:"errorType"`
	}
	if err := json.Unmarshal(answer, &told); err != nil || told.ErrorType == "" {
		return nil, &Failure{
			Name:  "Lambda.Unknown",
			Cause: "The cause could not be determined because Lambda did not return an error type. Returned payload: " + string(answer),
		}
	}
	return nil, &Failure{Name: told.ErrorType, Cause: string(answer)}
}
