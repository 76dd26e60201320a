package gateway

import (
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"mime"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// proxyEvent is what a Lambda proxy integration invokes its function with, payload version 1.0 (API Gateway guide, "Set up Lambda proxy
// integrations"). Maps without entries and an absent body are null.
type proxyEvent struct {
	Resource                        string              `json:"resource"`
	Path                            string              `json:"path"` // percent-encoded as sent
	HTTPMethod                      string              `json:"httpMethod"`
	Headers                         map[string]string   `json:"headers"` // of several values, the last
	MultiValueHeaders               map[string][]string `json:"multiValueHeaders"`
	QueryStringParameters           map[string]string   `json:"queryStringParameters"` // decoded; of several values, the last
	MultiValueQueryStringParameters map[string][]string `json:"multiValueQueryStringParameters"`
	PathParameters                  map[string]string   `json:"pathParameters"` // decoded
	StageVariables                  map[string]string   `json:"stageVariables"`
	RequestContext                  requestContext      `json:"requestContext"`
	Body                            *string             `json:"body"`
	IsBase64Encoded                 bool                `json:"isBase64Encoded"`
}

type requestContext struct {
	AccountID         string   `json:"accountId"`
	APIID             string   `json:"apiId"`
	DomainName        string   `json:"domainName"`
	DomainPrefix      string   `json:"domainPrefix"`
	ExtendedRequestID string   `json:"extendedRequestId"`
	HTTPMethod        string   `json:"httpMethod"`
	Identity          identity `json:"identity"`
	Path              string   `json:"path"`
	Protocol          string   `json:"protocol"`
	RequestID         string   `json:"requestId"`
	RequestTime       string   `json:"requestTime"`
	RequestTimeEpoch  int64    `json:"requestTimeEpoch"` // milliseconds
	ResourceID        string   `json:"resourceId"`
	ResourcePath      string   `json:"resourcePath"`
	Stage             string   `json:"stage"`
}

// identity says who calls. The members about IAM and Cognito callers are null here.
type identity struct {
	APIKey    *string `json:"apiKey"`
	APIKeyID  *string `json:"apiKeyId"`
	AccountID *string `json:"accountId"`
	Caller    *string `json:"caller"`
	SourceIP  string  `json:"sourceIp"`
	User      *string `json:"user"`
	UserAgent *string `json:"userAgent"`
	UserARN   *string `json:"userArn"`
}

// event describes a request. key is "" where the route asks for none.
func (g *Gateway) event(req *http.Request, r route, id, key string, body []byte) proxyEvent {
	host, port, err := net.SplitHostPort(req.RemoteAddr)
	if err != nil {
		host = req.RemoteAddr
	}
	headers := req.Header.Clone()
	headers.Set("Host", req.Host)
	headers.Set("X-Forwarded-For", strings.Join(append(headers.Values("X-Forwarded-For"), host), ", "))
	headers.Set("X-Forwarded-Port", port)
	headers.Set("X-Forwarded-Proto", "http")
	query, _ := url.ParseQuery(req.URL.RawQuery) // what is malformed is left out
	now := g.cfg.Now().UTC()

	e := proxyEvent{
		Resource: r.resource, Path: req.URL.EscapedPath(), HTTPMethod: req.Method,
		Headers: last(headers), MultiValueHeaders: headers,
		QueryStringParameters: last(query), MultiValueQueryStringParameters: query,
		RequestContext: requestContext{
			AccountID: g.cfg.Account, APIID: "local", DomainName: req.Host, DomainPrefix: "local", ExtendedRequestID: id, HTTPMethod: req.Method,
			Identity: identity{APIKey: optional(key), APIKeyID: optional(key), SourceIP: host, UserAgent: optional(req.UserAgent())},
			Path:     req.URL.EscapedPath(), Protocol: req.Proto, RequestID: id,
			RequestTime: now.Format("02/Jan/2006:15:04:05 -0700"), RequestTimeEpoch: now.UnixMilli(),
			ResourceID: "local", ResourcePath: r.resource, Stage: g.cfg.Stage,
		},
	}
	if len(query) == 0 {
		e.MultiValueQueryStringParameters = nil
	}
	for _, name := range r.parameters() {
		if e.PathParameters == nil {
			e.PathParameters = map[string]string{}
		}
		e.PathParameters[name] = req.PathValue(name)
	}
	if len(body) > 0 {
		// API Gateway reads a body as UTF-8 text, and replaces what is none, unless its media type is one of the API's binary ones.
		text := strings.ToValidUTF8(string(body), "\uFFFD")
		if e.IsBase64Encoded = g.isBinary(req.Header.Get("Content-Type")); e.IsBase64Encoded {
			text = base64.StdEncoding.EncodeToString(body)
		}
		e.Body = &text
	}
	return e
}

// isBinary reports whether a body of the type is not text to the API.
// https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-payload-encodings-workflow.html
func (g *Gateway) isBinary(contentType string) bool {
	media, _, err := mime.ParseMediaType(contentType)
	return err == nil && slices.ContainsFunc(g.binary, func(t string) bool { return t == "*/*" || strings.EqualFold(t, media) })
}

// last keeps the last value of each name; nil for nothing.
func last(values map[string][]string) map[string]string {
	if len(values) == 0 {
		return nil
	}
	out := make(map[string]string, len(values))
	for name, all := range values {
		if len(all) > 0 {
			out[name] = all[len(all)-1]
		}
	}
	return out
}

func optional(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

// requestID makes a random UUID (RFC 9562 §5.4).
func requestID() string {
	var b [16]byte
	rand.Read(b[:]) // never fails (crypto/rand)
	b[6] = b[6]&0x0f | 0x40
	b[8] = b[8]&0x3f | 0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}
