package s3blob

import (
	"context"
	"mime"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/s3"
)

// MaxLink is how long a link can be valid at most.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/using-presigned-url.html
const MaxLink = 7 * 24 * time.Hour

// Link is a URL under which anyone may download the object as a file of the given name, until the time is over. It ends earlier when
// the credentials that signed it do: those of a Lambda function last some hours. No call is made, so the object need not be there. An
// error is a fault Unavailable: there are no credentials.
func (b *Blobs) Link(ctx context.Context, bucket, key, filename string, valid time.Duration) (url string, err error) {
	disposition := mime.FormatMediaType("attachment", map[string]string{"filename": filename}) // RFC 6266; RFC 2231 where it is not ASCII
	signed, err := s3.NewPresignClient(b.client).PresignGetObject(ctx,
		&s3.GetObjectInput{Bucket: &bucket, Key: &key, ResponseContentDisposition: &disposition},
		s3.WithPresignExpires(min(valid, MaxLink)))
	if err != nil {
		return "", s3Fault("sign a link to", err, bucket, key)
	}
	return signed.URL, nil
}
