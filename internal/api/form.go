package api

import (
	"bytes"
	"encoding/base64"
	"mime"
	"mime/multipart"
	"net/url"

	"github.com/calendarinvite/calendarinviteserver/internal/fault"
)

// maxForm is the most bytes of a form body that are read; the pages' forms are far below.
const maxForm = 64 << 10

// Form is the request's form body, application/x-www-form-urlencoded or, as RFC 8058 §3.2 prefers, multipart/form-data without files. It may be
// base64, as API Gateway sends binary bodies.
func Form(request Request) (url.Values, error) {
	body, err := Body(request)
	if err != nil {
		return nil, err
	}
	if len(body) > maxForm {
		return nil, fault.New(fault.InvalidRequest, "too-large", "The form is too large.")
	}
	form, err := parseForm(Header(request, "Content-Type"), body)
	if err != nil {
		return nil, fault.New(fault.InvalidRequest, "bad-form", "The form cannot be read.")
	}
	return form, nil
}

func parseForm(contentType string, body []byte) (url.Values, error) {
	kind, params, _ := mime.ParseMediaType(contentType)
	if kind != "multipart/form-data" {
		return url.ParseQuery(string(body))
	}
	form, err := multipart.NewReader(bytes.NewReader(body), params["boundary"]).ReadForm(maxForm) // all of which stays in memory
	if err != nil {
		return nil, err
	}
	return form.Value, nil
}

// Body is the request's body, decoded if API Gateway encoded it.
func Body(request Request) ([]byte, error) {
	if !request.IsBase64Encoded {
		return []byte(request.Body), nil
	}
	body, err := base64.StdEncoding.DecodeString(request.Body)
	if err != nil {
		return nil, fault.New(fault.InvalidRequest, "bad-body", "The body cannot be read.")
	}
	return body, nil
}
