// Package s3blob keeps objects in S3: raw mails, templates that override the built-in ones, lists, reports.
package s3blob

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/smithy-go"

	"github.com/calendarinvite/calendarinviteserver/internal/fault"
)

// Blobs reads and writes objects. It satisfies the domain's interfaces for them.
type Blobs struct{ client *s3.Client }

// New returns Blobs on the account that cfg names. Addressing is path-style where cfg names an endpoint of its own, because
// bucket names are not host names there.
func New(cfg aws.Config) *Blobs {
	return &Blobs{client: s3.NewFromConfig(cfg, func(o *s3.Options) { o.UsePathStyle = cfg.BaseEndpoint != nil })}
}

// MaxBytes is the largest object that Get reads: SES stores mails of up to 40 MB.
// https://docs.aws.amazon.com/ses/latest/dg/quotas.html
const MaxBytes = 41 << 20

// Get is the object's bytes. A missing object is fault.NotFound, one of more than MaxBytes fault.InvalidRequest with reason
// "too-large"; anything else is transient.
func (b *Blobs) Get(ctx context.Context, bucket, key string) ([]byte, error) {
	object, err := b.client.GetObject(ctx, &s3.GetObjectInput{Bucket: &bucket, Key: &key})
	if err != nil {
		return nil, s3Fault("get", err, bucket, key)
	}
	defer object.Body.Close()
	if aws.ToInt64(object.ContentLength) > MaxBytes {
		return nil, tooLarge()
	}
	data, err := io.ReadAll(io.LimitReader(object.Body, MaxBytes+1))
	if err != nil {
		return nil, fault.Wrap(fault.Unavailable, "s3", fmt.Errorf("read s3://%s/%s: %w", bucket, key, err))
	}
	if int64(len(data)) > MaxBytes {
		return nil, tooLarge()
	}
	return data, nil
}

func tooLarge() error {
	return fault.New(fault.InvalidRequest, "too-large", fmt.Sprintf("The message is larger than %d MB.", MaxBytes>>20))
}

// s3Fault names the error of what was being done to an object.
func s3Fault(doing string, err error, bucket, key string) error {
	cause := fmt.Errorf("%s s3://%s/%s: %w", doing, bucket, key, err)
	if noKey := (*types.NoSuchKey)(nil); errors.As(err, &noKey) {
		return fault.Wrap(fault.NotFound, "no-such-object", cause)
	}
	if api := smithy.APIError(nil); errors.As(err, &api) {
		switch api.ErrorCode() {
		case "SlowDown", "RequestLimitExceeded", "ThrottlingException":
			return fault.Wrap(fault.Throttled, "s3", cause)
		case "NoSuchBucket", "AccessDenied":
			return fault.Wrap(fault.Internal, "s3", cause)
		}
	}
	return fault.Wrap(fault.Unavailable, "s3", cause)
}
