// Package webhook signs and sends webhooks as the Standard Webhooks specification 1.0.0 says
// (https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md), so that receivers can check them with
// any library of that specification.
package webhook

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"strconv"
	"strings"
	"time"

	"github.com/calendarinvite/calendarinviteserver/internal/fault"
)

// The headers of a signed request.
const (
	HeaderID        = "webhook-id"        // the same however often the message is sent
	HeaderTimestamp = "webhook-timestamp" // of this attempt, seconds since 1970
	HeaderSignature = "webhook-signature" // space-separated, each with its version: "v1,<base64>"
)

const (
	secretPrefix    = "whsec_"
	signaturePrefix = "v1," // HMAC-SHA256
)

// A secret's key has 24 to 64 octets (Standard Webhooks, "Signature scheme").
const (
	minKey = 24
	maxKey = 64
)

// Reasons of faults.
const (
	ReasonBadSecret    = "webhook-secret"    // not base64 of 24 to 64 octets
	ReasonBadSignature = "webhook-signature" // not signed with the secret
	ReasonBadTime      = "webhook-timestamp" // too old, from the future, or none
)

// Sign returns the headers that sign the body. A secret is "whsec_" and base64; of several, separated by spaces, each makes a
// signature, so that a receiver can go from one to the next. A fault InvalidRequest says that a secret is none; no error holds any of
// it.
func Sign(secrets, id string, at time.Time, body []byte) (map[string]string, error) {
	keys, err := parseSecrets(secrets)
	if err != nil {
		return nil, err
	}
	timestamp := strconv.FormatInt(at.Unix(), 10)
	signatures := make([]string, len(keys))
	for i, key := range keys {
		signatures[i] = signaturePrefix + base64.StdEncoding.EncodeToString(mac(key, id, timestamp, body))
	}
	return map[string]string{HeaderID: id, HeaderTimestamp: timestamp, HeaderSignature: strings.Join(signatures, " ")}, nil
}

// Tolerance is how old, or how far in the future, a timestamp may be that Verify takes.
const Tolerance = 5 * time.Minute

// Verify checks a request that was received: header gives its headers by name, as http.Header.Get does, and now is the receiver's
// clock. Faults NotAuthorized (not signed with any of the secrets, or outside Tolerance) and InvalidRequest (a bad secret).
func Verify(secrets string, header func(string) string, body []byte, now time.Time) error {
	keys, err := parseSecrets(secrets)
	if err != nil {
		return err
	}
	id, timestamp := header(HeaderID), header(HeaderTimestamp)
	seconds, err := strconv.ParseInt(timestamp, 10, 64)
	if age := now.Sub(time.Unix(seconds, 0)); err != nil || age > Tolerance || age < -Tolerance {
		return fault.New(fault.NotAuthorized, ReasonBadTime, "The request is too old.")
	}
	for _, key := range keys {
		want := mac(key, id, timestamp, body)
		for signature := range strings.FieldsSeq(header(HeaderSignature)) {
			text, v1 := strings.CutPrefix(signature, signaturePrefix)
			if got, err := base64.StdEncoding.DecodeString(text); v1 && err == nil && hmac.Equal(got, want) && id != "" {
				return nil
			}
		}
	}
	return fault.New(fault.NotAuthorized, ReasonBadSignature, "The signature is missing or wrong.")
}

// mac is what is signed: id, timestamp and body, joined by full stops.
func mac(key []byte, id, timestamp string, body []byte) []byte {
	hash := hmac.New(sha256.New, key)
	hash.Write([]byte(id + "." + timestamp + "."))
	hash.Write(body)
	return hash.Sum(nil)
}

// parseSecrets decodes one or more secrets; the prefix may be missing, as libraries of the specification allow.
func parseSecrets(secrets string) (keys [][]byte, err error) {
	for text := range strings.FieldsSeq(secrets) {
		key, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(text, secretPrefix))
		if err != nil || len(key) < minKey || len(key) > maxKey {
			return nil, badSecret()
		}
		keys = append(keys, key)
	}
	if len(keys) == 0 {
		return nil, badSecret()
	}
	return keys, nil
}

func badSecret() error {
	return fault.New(fault.InvalidRequest, ReasonBadSecret, "")
}
