package s3blob

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
)

// PartBytes is the size of a part of a multipart upload, the smallest that S3 takes. 10,000 of them, which is the most, are 48 GiB.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/qfacts.html
const PartBytes = 5 << 20

// abortTime is how long giving an upload up may take: also when the time of the step itself is over.
const abortTime = 5 * time.Second

// Upload is an object that is being written. It holds one part in memory; a body of at most one part goes up in one request. Nobody
// sees the object before Close has succeeded. It is for one goroutine.
//
//	upload := blobs.Create(ctx, bucket, key, "text/csv; charset=UTF-8")
//	defer upload.Abort()
//	… write …
//	return upload.Close()
type Upload struct {
	ctx                      context.Context // of the whole upload: io.Writer has no place for one
	client                   *s3.Client
	bucket, key, contentType string

	part  []byte
	id    string // of the multipart upload; "" before the second part
	parts []types.CompletedPart
	size  int64
	err   error
}

var errEnded = errors.New("s3blob: the upload has ended")

// Create starts an upload that replaces the object when it is closed. Nothing is sent yet.
func (b *Blobs) Create(ctx context.Context, bucket, key, contentType string) *Upload {
	return &Upload{ctx: ctx, client: b.client, bucket: bucket, key: key, contentType: contentType}
}

// Write adds to the object. Faults: Throttled, Unavailable, Internal; after one, the upload is given up and every call returns it.
func (u *Upload) Write(p []byte) (n int, err error) {
	for n < len(p) && u.err == nil {
		if len(u.part) == PartBytes { // only now is it known that the part is not the last one
			u.fail(u.sendPart())
			continue
		}
		take := min(len(p)-n, PartBytes-len(u.part))
		u.part = append(u.part, p[n:n+take]...)
		n += take
		u.size += int64(take)
	}
	return n, u.err
}

// Size is how many bytes were written so far.
func (u *Upload) Size() int64 { return u.size }

// Close makes the object visible, or says why it is not there. Faults are those of Write.
func (u *Upload) Close() error {
	if u.err == nil {
		u.fail(u.finish())
	}
	if u.err != nil {
		return u.err
	}
	u.id, u.part, u.err = "", nil, errEnded
	return nil
}

// finish sends the rest.
func (u *Upload) finish() error {
	if u.id == "" {
		_, err := u.client.PutObject(u.ctx, &s3.PutObjectInput{
			Bucket: &u.bucket, Key: &u.key, ContentType: &u.contentType, Body: bytes.NewReader(u.part),
		})
		if err != nil {
			return s3Fault("put", err, u.bucket, u.key)
		}
		return nil
	}
	if err := u.sendPart(); err != nil {
		return err
	}
	_, err := u.client.CompleteMultipartUpload(u.ctx, &s3.CompleteMultipartUploadInput{
		Bucket: &u.bucket, Key: &u.key, UploadId: &u.id, MultipartUpload: &types.CompletedMultipartUpload{Parts: u.parts},
	})
	if err != nil {
		return s3Fault("complete upload of", err, u.bucket, u.key)
	}
	return nil
}

// Abort gives the upload up, so that nothing of it stays; after Close it does nothing. What it cannot remove now, a lifecycle rule of
// the bucket has to (AbortIncompleteMultipartUpload).
func (u *Upload) Abort() {
	if u.err == nil {
		u.fail(errEnded)
	}
}

// sendPart sends what is in memory as the next part.
func (u *Upload) sendPart() error {
	if u.id == "" {
		started, err := u.client.CreateMultipartUpload(u.ctx, &s3.CreateMultipartUploadInput{
			Bucket: &u.bucket, Key: &u.key, ContentType: &u.contentType,
		})
		if err != nil {
			return s3Fault("start upload of", err, u.bucket, u.key)
		}
		if u.id = aws.ToString(started.UploadId); u.id == "" {
			return s3Fault("start upload of", errors.New("the answer has no upload id"), u.bucket, u.key)
		}
	}
	number := aws.Int32(int32(len(u.parts) + 1))
	sent, err := u.client.UploadPart(u.ctx, &s3.UploadPartInput{
		Bucket: &u.bucket, Key: &u.key, UploadId: &u.id, PartNumber: number, Body: bytes.NewReader(u.part),
	})
	if err != nil {
		return s3Fault(fmt.Sprintf("upload part %d of", *number), err, u.bucket, u.key)
	}
	u.parts = append(u.parts, types.CompletedPart{PartNumber: number, ETag: sent.ETag, ChecksumCRC32: sent.ChecksumCRC32})
	u.part = u.part[:0]
	return nil
}

// fail keeps the first error and removes the parts that are there.
func (u *Upload) fail(err error) {
	if err == nil {
		return
	}
	u.err, u.part = err, nil
	if u.id == "" {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(u.ctx), abortTime)
	defer cancel()
	// That it failed changes nothing for the caller, who has the first error: see Abort.
	_, _ = u.client.AbortMultipartUpload(ctx, &s3.AbortMultipartUploadInput{Bucket: &u.bucket, Key: &u.key, UploadId: &u.id})
	u.id = ""
}
