// Package api shapes the answers of the REST API and of the guests' pages, and knows who calls.
package api

import (
	"encoding/json"
	"net/http"
	"strings"

	"github.com/aws/aws-lambda-go/events"

	"github.com/calendarinvite/calendarinviteserver/internal/fault"
)

// Request is what the Lambda proxy integration sends (API Gateway payload version 1.0).
type Request = events.APIGatewayProxyRequest

// Response is what it takes back.
type Response = events.APIGatewayProxyResponse

// RequestID names a request, and no other one: API Gateway's extended id. Its plain id is whatever a client wants it to be.
// https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-variables-for-access-logging.html
func RequestID(context events.APIGatewayProxyRequestContext) string {
	if context.ExtendedRequestID != "" {
		return context.ExtendedRequestID
	}
	return context.RequestID
}

// Header is a header of the request, whose name is written in any case; "" without one.
func Header(request Request, name string) string {
	for key, value := range request.Headers {
		if strings.EqualFold(key, name) {
			return value
		}
	}
	return ""
}

// JSON answers with v as JSON. Any origin may read it: the key, not a cookie, is what lets a caller in.
func JSON(status int, v any) Response {
	body, err := json.Marshal(v)
	if err != nil {
		return Error(err)
	}
	return Response{StatusCode: status, Body: string(body), Headers: map[string]string{
		"Content-Type":                "application/json",
		"Cache-Control":               "no-store",
		"Access-Control-Allow-Origin": "*",
	}}
}

// Page answers with an HTML page and the headers that protect it.
func Page(status int, html []byte, headers map[string]string) Response {
	merged := map[string]string{"Content-Type": "text/html; charset=utf-8"}
	for name, value := range headers {
		merged[name] = value
	}
	return Response{StatusCode: status, Body: string(html), Headers: merged}
}

// Redirect answers 302 to the location.
func Redirect(location string) Response {
	return Response{StatusCode: http.StatusFound, Headers: map[string]string{
		"Location":        location,
		"Cache-Control":   "no-store",
		"Referrer-Policy": "no-referrer",
	}}
}

// Error answers with the error's public sentence, or with the status's own words, as {"message": ...}. Causes stay in the log.
func Error(err error) Response {
	status := fault.KindOf(err).HTTPStatus()
	return JSON(status, Message{Message: PublicText(err)})
}

// PublicText is what people may read of an error.
func PublicText(err error) string {
	if text := fault.PublicOf(err); text != "" {
		return text
	}
	return http.StatusText(fault.KindOf(err).HTTPStatus())
}

// Message is the body of an error, and of an answer that holds nothing else.
type Message struct {
	Message string `json:"message"`
}
