package s3blob

import (
	"context"
	"fmt"
	"io"

	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/calendarinvite/calendarinviteserver/internal/fault"
)

// Open reads an object as a stream, of whatever size. Faults are those of Get, but for the size; what breaks the stream later is a
// fault Unavailable of Read. The caller closes the stream.
func (b *Blobs) Open(ctx context.Context, bucket, key string) (io.ReadCloser, error) {
	object, err := b.client.GetObject(ctx, &s3.GetObjectInput{Bucket: &bucket, Key: &key})
	if err != nil {
		return nil, s3Fault("get", err, bucket, key)
	}
	return &stream{body: object.Body, bucket: bucket, key: key}, nil
}

// stream names the errors of an object's body.
type stream struct {
	body        io.ReadCloser
	bucket, key string
}

func (s *stream) Read(p []byte) (int, error) {
	n, err := s.body.Read(p)
	if err != nil && err != io.EOF {
		err = fault.Wrap(fault.Unavailable, "s3", fmt.Errorf("read s3://%s/%s: %w", s.bucket, s.key, err))
	}
	return n, err
}

func (s *stream) Close() error { return s.body.Close() }
