package aws

import (
	"cmp"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"

	sdk "github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"

	"github.com/calendarinvite/calendarinviteserver/localstack/protocol"
)

// secretKey is the secret access key that functions have.
const secretKey = "local"

// longestLink is how long a presigned link may be good for.
const longestLink = 7 * 24 * time.Hour

func isPresigned(r *http.Request) bool { return r.URL.Query().Has("X-Amz-Signature") }

// checkLink checks a presigned link (S3 API reference, "Authenticating Requests: Using Query Parameters"): that its time has not passed,
// and, if a function made it, that nobody has changed it. Others' secrets are not known here.
func (s *Server) checkLink(r *http.Request) error {
	if !isPresigned(r) {
		return nil
	}
	query := r.URL.Query()
	if query.Get("X-Amz-Algorithm") != "AWS4-HMAC-SHA256" {
		return protocol.Errorf("AuthorizationQueryParametersError", `X-Amz-Algorithm only supports "AWS4-HMAC-SHA256"`)
	}
	signed, err := time.Parse("20060102T150405Z", query.Get("X-Amz-Date"))
	if err != nil {
		return protocol.Errorf("AuthorizationQueryParametersError", `X-Amz-Date must be in the ISO8601 Long Format "yyyyMMdd'T'HHmmss'Z'"`)
	}
	seconds, err := strconv.Atoi(query.Get("X-Amz-Expires"))
	if err != nil || seconds < 0 || time.Duration(seconds)*time.Second > longestLink {
		return protocol.Errorf("AuthorizationQueryParametersError", "X-Amz-Expires must be a number of seconds of at most a week")
	}
	now := s.now()
	switch {
	case now.After(signed.Add(time.Duration(seconds) * time.Second)):
		return &protocol.Error{Status: http.StatusForbidden, Code: "AccessDenied", Message: "Request has expired"}
	case signed.After(now.Add(15 * time.Minute)):
		return &protocol.Error{Status: http.StatusForbidden, Code: "AccessDenied", Message: "Request is not yet valid"}
	}
	key, service := credential(r)
	if !s.isFunction(key) {
		return nil
	}
	again, err := sign(r, key, service, signed)
	if err != nil || again != query.Get("X-Amz-Signature") {
		return &protocol.Error{Status: http.StatusForbidden, Code: "SignatureDoesNotMatch", Message: "The request signature we calculated does not match the signature you provided. Check your key and signing method."}
	}
	return nil
}

// sign makes the signature that a link should have.
func sign(r *http.Request, key, service string, at time.Time) (string, error) {
	query := r.URL.Query()
	scope := strings.Split(query.Get("X-Amz-Credential"), "/")
	if len(scope) < 4 {
		return "", errors.New("the credential has no scope")
	}
	credentials := sdk.Credentials{AccessKeyID: key, SecretAccessKey: secretKey, SessionToken: query.Get("X-Amz-Security-Token")}
	payload := cmp.Or(query.Get("X-Amz-Content-Sha256"), "UNSIGNED-PAYLOAD")
	again, err := http.NewRequestWithContext(r.Context(), r.Method, "http://"+r.Host+r.URL.EscapedPath(), nil)
	if err != nil {
		return "", err
	}
	for _, name := range strings.Split(query.Get("X-Amz-SignedHeaders"), ";") {
		if value := r.Header.Get(name); value != "" {
			again.Header.Set(name, value)
		}
	}
	query.Del("X-Amz-Signature")
	again.URL.RawQuery = query.Encode()
	uri, _, err := v4.NewSigner().PresignHTTP(r.Context(), credentials, again, payload, service, scope[len(scope)-3], at, func(o *v4.SignerOptions) {
		o.DisableURIPathEscaping = true // as S3 has it
	})
	if err != nil {
		return "", err
	}
	_, signature, _ := strings.Cut(uri, "X-Amz-Signature=")
	signature, _, _ = strings.Cut(signature, "&")
	return signature, nil
}
