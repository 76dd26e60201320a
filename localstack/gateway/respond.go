package gateway

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
)

// proxyResponse is what a Lambda proxy integration's function answers; any other shape is a malformed response.
type proxyResponse struct {
	StatusCode        int                 `json:"statusCode"`
	Headers           map[string]string   `json:"headers"`
	MultiValueHeaders map[string][]string `json:"multiValueHeaders"`
	Body              *string             `json:"body"`
	IsBase64Encoded   bool                `json:"isBase64Encoded"`
}

// respond writes a function's answer. On an error nothing has been written yet.
func respond(w http.ResponseWriter, answer []byte) error {
	var r proxyResponse
	dec := json.NewDecoder(bytes.NewReader(answer))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&r); err != nil {
		return err
	}
	if r.StatusCode < 200 || r.StatusCode > 599 {
		return fmt.Errorf("statusCode is %d", r.StatusCode)
	}
	var body []byte
	if r.Body != nil {
		body = []byte(*r.Body)
		if r.IsBase64Encoded {
			var err error
			if body, err = base64.StdEncoding.DecodeString(*r.Body); err != nil {
				return fmt.Errorf("body: %w", err)
			}
		}
	}
	// A name in both maps has the values of both, once each (API Gateway guide, "Output format").
	header := w.Header()
	header.Set("Content-Type", "application/json")
	for name, value := range r.Headers {
		header.Set(name, value)
	}
	for name, values := range r.MultiValueHeaders {
		single, both := r.Headers[name]
		if !both {
			header.Del(name)
		}
		for _, v := range values {
			if !both || v != single {
				header.Add(name, v)
			}
		}
	}
	w.WriteHeader(r.StatusCode)
	_, _ = w.Write(body) // the client may be gone
	return nil
}
