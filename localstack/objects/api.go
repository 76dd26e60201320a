package objects

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"

	"github.com/johannesboyne/gofakes3"

	"github.com/calendarinvite/calendarinviteserver/localstack/protocol"
)

// uploadLimit is the largest body of one request: SES stores mails of up to 40 MB.
const uploadLimit = 64 << 20

// API is the S3 API. Buckets are named in the path; NormalizeHost makes it so for virtual-host requests.
func (s *Store) API() http.Handler {
	s3 := gofakes3.New(s.backend, gofakes3.WithTimeSkewLimit(0), gofakes3.WithoutVersioning()).Server()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPut || r.Method == http.MethodPost {
			if err := plainBody(r); err != nil {
				protocol.WriteError(w, r, protocol.RESTXML, err)
				return
			}
		}
		s3.ServeHTTP(w, r)
	})
}

// plainBody undoes what clients do to a body for the way (aws-chunked framing, trailing checksums), checks what they claim
// about it, and drops the headers that are about the request and not about the object.
func plainBody(r *http.Request) error {
	in := io.Reader(r.Body)
	trailer := http.Header{}
	if strings.HasPrefix(r.Header.Get("X-Amz-Content-Sha256"), "STREAMING-") || strings.Contains(r.Header.Get("Content-Encoding"), "aws-chunked") {
		in = newChunkReader(r.Body, trailer)
	}
	body, err := io.ReadAll(io.LimitReader(in, uploadLimit+1))
	if err != nil {
		return protocol.Errorf("IncompleteBody", "The body could not be read: %v", err)
	}
	if len(body) > uploadLimit {
		return protocol.Errorf("EntityTooLarge", "Your proposed upload exceeds the maximum allowed size")
	}
	if length := r.Header.Get("X-Amz-Decoded-Content-Length"); length != "" && length != strconv.Itoa(len(body)) {
		return protocol.Errorf("IncompleteBody", "You did not provide the number of bytes specified by the Content-Length HTTP header")
	}
	if r.Method == http.MethodPut { // in a POST that completes an upload the header is about the whole object
		if err := errors.Join(verify(body, r.Header), verify(body, trailer)); err != nil {
			return err
		}
	}
	for name := range r.Header {
		if strings.HasPrefix(name, "X-Amz-") && !strings.HasPrefix(name, "X-Amz-Meta-") && !strings.HasPrefix(name, "X-Amz-Copy-") && name != "X-Amz-Metadata-Directive" {
			r.Header.Del(name)
		}
	}
	if encoding := strings.Trim(strings.ReplaceAll(r.Header.Get("Content-Encoding"), "aws-chunked", ""), ", "); encoding == "" {
		r.Header.Del("Content-Encoding")
	} else {
		r.Header.Set("Content-Encoding", encoding)
	}
	r.Header.Set("Content-Length", strconv.Itoa(len(body)))
	r.ContentLength = int64(len(body))
	r.Body = io.NopCloser(bytes.NewReader(body))
	return nil
}

// NormalizeHost moves the bucket from a virtual-host request's Host (bucket.localhost:4566, bucket.s3.localhost:4566) to its
// path, and leaves every other request alone. isBucket says which names are buckets.
func NormalizeHost(r *http.Request, isBucket func(string) bool) {
	bucket, rest, ok := strings.Cut(r.Host, ".")
	if !ok || rest == "" || !isBucket(bucket) {
		return
	}
	r.Host = strings.TrimPrefix(rest, "s3.")
	r.URL.Path = "/" + bucket + r.URL.Path
	if r.URL.RawPath != "" {
		r.URL.RawPath = "/" + bucket + r.URL.RawPath
	}
}
