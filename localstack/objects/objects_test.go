package objects

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/smithy-go"
	bolt "go.etcd.io/bbolt"

	"github.com/calendarinvite/calendarinviteserver/localstack/journal"
)

func open(t testing.TB, dir string) *Store {
	t.Helper()
	s, err := Open(dir, "mail", "templates")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

// serve is a store with an SDK client that speaks to it over HTTP.
func serve(t *testing.T) (*Store, *s3.Client, *httptest.Server) {
	t.Helper()
	s := open(t, t.TempDir())
	api := s.API()
	web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		NormalizeHost(r, s.HasBucket)
		api.ServeHTTP(w, r)
	}))
	t.Cleanup(web.Close)
	client := s3.NewFromConfig(aws.Config{
		Region: "us-east-1", BaseEndpoint: aws.String(web.URL), Credentials: credentials.NewStaticCredentialsProvider("test", "test", ""), RetryMaxAttempts: 1,
	})
	return s, client, web
}

func TestGoAPI(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir)
	ctx := t.Context()
	if err := s.Put(ctx, "mail", "a/1", []byte("one"), map[string]string{"Content-Type": "message/rfc822"}); err != nil {
		t.Fatal(err)
	}
	if err := s.Put(ctx, "mail", "a/2", nil, nil); err != nil {
		t.Fatal(err)
	}
	s.Close()
	s = open(t, dir)
	o, err := s.Get(ctx, "mail", "a/1")
	if err != nil || string(o.Body) != "one" || o.Metadata["Content-Type"] != "message/rfc822" || o.ETag != "f97c5d29941bfb1b2fdab0874906ab82" || o.Modified.IsZero() {
		t.Errorf("Get = %+v, %v", o, err)
	}
	if o, err := s.Get(ctx, "mail", "a/2"); err != nil || len(o.Body) != 0 {
		t.Errorf("an empty object: %+v, %v", o, err)
	}
	for _, missing := range [][2]string{{"mail", "none"}, {"nowhere", "a/1"}} {
		if _, err := s.Get(ctx, missing[0], missing[1]); !errors.Is(err, ErrNotFound) {
			t.Errorf("%v: %v", missing, err)
		}
	}
	list, err := s.List(ctx, "mail", "a/", "", 1)
	if err != nil || len(list) != 1 || list[0].Key != "a/1" || list[0].Size != 3 {
		t.Errorf("List = %+v, %v", list, err)
	}
	if list, err = s.List(ctx, "mail", "a/", "a/1", 0); err != nil || len(list) != 1 || list[0].Key != "a/2" {
		t.Errorf("List after a/1 = %+v, %v", list, err)
	}
	if names, err := s.Buckets(); err != nil || strings.Join(names, " ") != "mail templates" {
		t.Errorf("Buckets = %v, %v", names, err)
	}
}

func TestOpenTellsDamage(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(dir+"/"+FileName, []byte("no database"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(dir); !errors.Is(err, journal.ErrDamaged) {
		t.Errorf("err = %v", err)
	}
}

func TestSDK(t *testing.T) {
	checksums := map[string]types.ChecksumAlgorithm{"none": "", "crc32": types.ChecksumAlgorithmCrc32, "crc32c": types.ChecksumAlgorithmCrc32c, "crc64": types.ChecksumAlgorithmCrc64nvme, "sha1": types.ChecksumAlgorithmSha1, "sha256": types.ChecksumAlgorithmSha256}
	_, client, _ := serve(t)
	for name, algorithm := range checksums {
		t.Run(name, func(t *testing.T) {
			body := strings.Repeat("Grüße\r\n", 3000)
			key := "dir/ü +&?" + name
			_, err := client.PutObject(t.Context(), &s3.PutObjectInput{
				Bucket: aws.String("mail"), Key: &key, Body: strings.NewReader(body), ChecksumAlgorithm: algorithm,
				ContentType: aws.String("text/plain"), Metadata: map[string]string{"who": "me"},
			})
			if err != nil {
				t.Fatal(err)
			}
			got, err := client.GetObject(t.Context(), &s3.GetObjectInput{Bucket: aws.String("mail"), Key: &key})
			if err != nil {
				t.Fatal(err)
			}
			back, err := io.ReadAll(got.Body) // checks the checksum, too
			if err != nil || string(back) != body || *got.ContentType != "text/plain" || got.Metadata["who"] != "me" || got.ChecksumCRC32 == nil {
				t.Errorf("%d bytes, %v, %v", len(back), got, err)
			}
		})
	}
	part, err := client.GetObject(t.Context(), &s3.GetObjectInput{Bucket: aws.String("mail"), Key: aws.String("dir/ü +&?none"), Range: aws.String("bytes=0-2")})
	if err != nil {
		t.Fatal(err)
	}
	if b, err := io.ReadAll(part.Body); err != nil || string(b) != "Gr\xc3" {
		t.Errorf("range: %q, %v", b, err)
	}
	if _, err := client.HeadObject(t.Context(), &s3.HeadObjectInput{Bucket: aws.String("mail"), Key: aws.String("none")}); err == nil {
		t.Error("HeadObject of nothing succeeds")
	}
	_, err = client.GetObject(t.Context(), &s3.GetObjectInput{Bucket: aws.String("mail"), Key: aws.String("none")})
	if e, ok := errors.AsType[smithy.APIError](err); !ok || e.ErrorCode() != "NoSuchKey" {
		t.Errorf("err = %v", err)
	}
	_, err = client.PutObject(t.Context(), &s3.PutObjectInput{Bucket: aws.String("mail"), Key: aws.String("dir/ü +&?none"), IfNoneMatch: aws.String("*"), Body: strings.NewReader("x")})
	if e, ok := errors.AsType[smithy.APIError](err); !ok || e.ErrorCode() != "PreconditionFailed" {
		t.Errorf("conditional put: %v", err)
	}
}

// Over TLS the SDK sends aws-chunked bodies with a trailing checksum.
func TestStreamedUpload(t *testing.T) {
	s := open(t, t.TempDir())
	web := httptest.NewTLSServer(s.API())
	defer web.Close()
	client := s3.NewFromConfig(aws.Config{
		Region: "us-east-1", BaseEndpoint: &web.URL, Credentials: credentials.NewStaticCredentialsProvider("test", "test", ""), RetryMaxAttempts: 1, HTTPClient: web.Client(),
	}, func(o *s3.Options) { o.UsePathStyle = true })
	body := bytes.Repeat([]byte("0123456789"), 100_000)
	for _, algorithm := range []types.ChecksumAlgorithm{types.ChecksumAlgorithmCrc32, types.ChecksumAlgorithmCrc64nvme, types.ChecksumAlgorithmSha256} {
		_, err := client.PutObject(t.Context(), &s3.PutObjectInput{
			Bucket: aws.String("mail"), Key: aws.String(string(algorithm)), Body: io.MultiReader(bytes.NewReader(body)), ContentLength: aws.Int64(int64(len(body))), ChecksumAlgorithm: algorithm,
		})
		if err != nil {
			t.Fatal(err)
		}
		if o, err := s.Get(t.Context(), "mail", string(algorithm)); err != nil || !bytes.Equal(o.Body, body) {
			t.Errorf("%s: %d bytes, %v", algorithm, len(o.Body), err)
		}
	}
}

// Frames as the AWS CLI and SDKs send them, byte by byte.
func TestChunkedFraming(t *testing.T) {
	s, _, web := serve(t)
	signature := ";chunk-signature=" + strings.Repeat("0", 64)
	tests := []struct {
		name, kind, body, want string
		status                 int
	}{
		{"signed", "STREAMING-AWS4-HMAC-SHA256-PAYLOAD", "5" + signature + "\r\nhello\r\n6" + signature + "\r\n world\r\n0" + signature + "\r\n\r\n", "hello world", 200},
		{"unsigned with trailer", "STREAMING-UNSIGNED-PAYLOAD-TRAILER", "b\r\nhello world\r\n0\r\nx-amz-checksum-crc32:DUoRhQ==\r\n\r\n", "hello world", 200},
		{"signed with trailer", "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER", "b" + signature + "\r\nhello world\r\n0" + signature + "\r\nx-amz-checksum-crc32:DUoRhQ==\r\nx-amz-trailer-signature:00\r\n\r\n", "hello world", 200},
		{"empty", "STREAMING-UNSIGNED-PAYLOAD-TRAILER", "0\r\n\r\n", "", 200},
		{"without the last line break", "STREAMING-UNSIGNED-PAYLOAD-TRAILER", "1\r\nx\r\n0\r\n", "x", 200},
		{"wrong checksum", "STREAMING-UNSIGNED-PAYLOAD-TRAILER", "b\r\nhello w0rld\r\n0\r\nx-amz-checksum-crc32:DUoRhQ==\r\n\r\n", "", 400},
		{"cut off", "STREAMING-UNSIGNED-PAYLOAD-TRAILER", "b\r\nhello", "", 400},
		{"bad size", "STREAMING-UNSIGNED-PAYLOAD-TRAILER", "zz\r\nhello\r\n0\r\n\r\n", "", 400},
		{"negative size", "STREAMING-UNSIGNED-PAYLOAD-TRAILER", "-5\r\nhello\r\n0\r\n\r\n", "", 400},
		{"huge size", "STREAMING-UNSIGNED-PAYLOAD-TRAILER", "fffffffffff\r\nhello\r\n0\r\n\r\n", "", 400},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			req, err := http.NewRequest("PUT", web.URL+"/mail/framed-"+strings.ReplaceAll(test.name, " ", "-"), strings.NewReader(test.body))
			if err != nil {
				t.Fatal(err)
			}
			req.Header.Set("X-Amz-Content-Sha256", test.kind)
			req.Header.Set("Content-Encoding", "aws-chunked")
			resp, err := http.DefaultClient.Do(req)
			if err != nil {
				t.Fatal(err)
			}
			resp.Body.Close()
			if resp.StatusCode != test.status {
				t.Fatalf("status %d", resp.StatusCode)
			}
			if test.status == 200 {
				o, err := s.Get(t.Context(), "mail", "framed-"+strings.ReplaceAll(test.name, " ", "-"))
				if err != nil || string(o.Body) != test.want || o.Metadata["Content-Encoding"] != "" {
					t.Errorf("%q %v, %v", o.Body, o.Metadata, err)
				}
			}
		})
	}
}

func TestVirtualHost(t *testing.T) {
	s, _, web := serve(t)
	if err := s.Put(t.Context(), "mail", "a b/c", []byte("x"), nil); err != nil {
		t.Fatal(err)
	}
	for host, status := range map[string]int{"mail.localhost:1": 200, "mail.s3.localhost": 200, "nothere.localhost": 404, "localhost": 404} {
		req, err := http.NewRequest("GET", web.URL+"/a%20b/c", nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Host = host
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if resp.StatusCode != status {
			t.Errorf("%s: %d", host, resp.StatusCode)
		}
	}
}

func TestListPagesWithPrefixes(t *testing.T) {
	s, client, _ := serve(t)
	for _, key := range []string{"a", "dir/1", "dir/2", "dir/3", "dir2/x", "z1", "z2"} {
		if err := s.Put(t.Context(), "mail", key, []byte(key), nil); err != nil {
			t.Fatal(err)
		}
	}
	for size := int32(1); size <= 8; size++ {
		for prefix, want := range map[string]string{"": "a dir/ dir2/ z1 z2", "dir": "dir/ dir2/", "dir/": "dir/1 dir/2 dir/3", "none": ""} {
			var got []string
			pages := s3.NewListObjectsV2Paginator(client, &s3.ListObjectsV2Input{Bucket: aws.String("mail"), Prefix: &prefix, Delimiter: aws.String("/"), MaxKeys: &size})
			for n := 0; pages.HasMorePages(); n++ {
				page, err := pages.NextPage(t.Context())
				if err != nil || n > 10 {
					t.Fatalf("page %d: %v", n, err)
				}
				var part []string
				for _, p := range page.CommonPrefixes {
					part = append(part, *p.Prefix)
				}
				for _, o := range page.Contents {
					part = append(part, *o.Key)
				}
				if len(part) > int(size) {
					t.Errorf("a page of %d has %d", size, len(part))
				}
				got = append(got, part...)
			}
			if !same(strings.Join(got, " "), want) { // within a page prefixes come first
				t.Errorf("size %d, prefix %q: %v; want %s", size, prefix, got, want)
			}
		}
	}
}

// same compares two lists of words without their order.
func same(a, b string) bool {
	count := make(map[string]int)
	for _, w := range strings.Fields(a) {
		count[w]++
	}
	for _, w := range strings.Fields(b) {
		count[w]--
	}
	for _, n := range count {
		if n != 0 {
			return false
		}
	}
	return true
}

// An object that comes in parts is read as one, whatever the range, and leaves nothing behind when it goes.
func TestParts(t *testing.T) {
	s, client, _ := serve(t)
	ctx, bucket, key := t.Context(), aws.String("mail"), aws.String("lists/big")
	whole := make([]byte, 2*smallestPart+1000)
	for i := range whole {
		whole[i] = byte(i*7>>8) ^ byte(i>>20)
	}
	create := func() *string {
		t.Helper()
		up, err := client.CreateMultipartUpload(ctx, &s3.CreateMultipartUploadInput{Bucket: bucket, Key: key, ContentType: aws.String("application/jsonl"), Metadata: map[string]string{"who": "me"}})
		if err != nil {
			t.Fatal(err)
		}
		return up.UploadId
	}
	send := func(id *string, number int32, body []byte) types.CompletedPart {
		t.Helper()
		out, err := client.UploadPart(ctx, &s3.UploadPartInput{Bucket: bucket, Key: key, UploadId: id, PartNumber: &number, Body: bytes.NewReader(body)})
		if err != nil {
			t.Fatal(err)
		}
		return types.CompletedPart{ETag: out.ETag, PartNumber: &number}
	}
	complete := func(id *string, parts ...types.CompletedPart) string {
		_, err := client.CompleteMultipartUpload(ctx, &s3.CompleteMultipartUploadInput{Bucket: bucket, Key: key, UploadId: id, MultipartUpload: &types.CompletedMultipartUpload{Parts: parts}})
		if e, ok := errors.AsType[smithy.APIError](err); ok {
			return e.ErrorCode()
		}
		return ""
	}
	left := func() (n int) {
		t.Helper()
		for _, name := range [][]byte{uploadBucket, partBucket} {
			if err := s.backend.look("mail", func(at *bolt.Bucket) error { n += at.Bucket(name).Stats().KeyN; return nil }); err != nil {
				t.Fatal(err)
			}
		}
		return n
	}

	id := create()
	third := send(id, 7, whole[2*smallestPart:])
	send(id, 1, []byte("sent again below"))
	first, second := send(id, 1, whole[:smallestPart]), send(id, 3, whole[smallestPart:2*smallestPart])
	send(id, 9, []byte("never named"))
	for want, parts := range map[string][]types.CompletedPart{
		"InvalidPartOrder": {second, first, third},
		"InvalidPart":      {first, {ETag: first.ETag, PartNumber: second.PartNumber}},
	} {
		if got := complete(id, parts...); got != want {
			t.Errorf("completion gives %q; want %q", got, want)
		}
	}
	if got := complete(id, third, types.CompletedPart{ETag: first.ETag, PartNumber: aws.Int32(8)}); got != "InvalidPart" {
		t.Errorf("a part that is not there: %q", got)
	}
	if list, err := client.ListParts(ctx, &s3.ListPartsInput{Bucket: bucket, Key: key, UploadId: id, MaxParts: aws.Int32(2)}); err != nil || len(list.Parts) != 2 || *list.Parts[1].PartNumber != 3 || !*list.IsTruncated || *list.NextPartNumberMarker != "3" {
		t.Errorf("parts: %+v, %v", list, err)
	}
	if list, err := client.ListMultipartUploads(ctx, &s3.ListMultipartUploadsInput{Bucket: bucket}); err != nil || len(list.Uploads) != 1 || *list.Uploads[0].UploadId != *id {
		t.Errorf("uploads: %+v, %v", list, err)
	}
	if _, err := s.Get(ctx, "mail", "lists/big"); !errors.Is(err, ErrNotFound) {
		t.Errorf("before the completion: %v", err)
	}
	if got := complete(id, first, second, third); got != "" {
		t.Fatalf("completion: %s", got)
	}
	if got := complete(id, first, second, third); got != "NoSuchUpload" {
		t.Errorf("completion again: %q", got)
	}
	if got := left(); got != 3 {
		t.Errorf("%d entries for 3 parts", got)
	}

	got, err := client.GetObject(ctx, &s3.GetObjectInput{Bucket: bucket, Key: key})
	if err != nil {
		t.Fatal(err)
	}
	if back, err := io.ReadAll(got.Body); err != nil || !bytes.Equal(back, whole) || *got.ContentType != "application/jsonl" || got.Metadata["who"] != "me" || *got.ContentLength != int64(len(whole)) {
		t.Errorf("%d bytes, %v, %+v", len(back), err, got)
	}
	for _, r := range [][2]int{{0, 0}, {10, 20}, {smallestPart - 1, smallestPart}, {smallestPart, smallestPart}, {100, len(whole) - 1}, {2*smallestPart + 999, 2*smallestPart + 999}} {
		got, err := client.GetObject(ctx, &s3.GetObjectInput{Bucket: bucket, Key: key, Range: aws.String(fmt.Sprintf("bytes=%d-%d", r[0], r[1]))})
		if err != nil {
			t.Fatal(err)
		}
		if back, err := io.ReadAll(got.Body); err != nil || !bytes.Equal(back, whole[r[0]:r[1]+1]) {
			t.Errorf("range %v: %d bytes, %v", r, len(back), err)
		}
	}
	if o, err := s.Get(ctx, "mail", "lists/big"); err != nil || !bytes.Equal(o.Body, whole) {
		t.Errorf("Get: %d bytes, %v", len(o.Body), err)
	}

	o, body, err := s.Open(ctx, "mail", "lists/big")
	if err != nil || o.Size != int64(len(whole)) {
		t.Fatalf("Open: %+v, %v", o, err)
	}
	if back, err := io.ReadAll(body); err != nil || !bytes.Equal(back, whole) || body.Close() != nil {
		t.Errorf("Open: %d bytes, %v", len(back), err)
	}
	if _, _, err := s.Open(ctx, "mail", "none"); !errors.Is(err, ErrNotFound) {
		t.Errorf("Open of nothing: %v", err)
	}

	id = create()
	if got := complete(id, send(id, 1, []byte("small")), send(id, 2, []byte("last"))); got != "InvalidPart" {
		t.Errorf("a small part: %q", got)
	}
	if _, err := client.AbortMultipartUpload(ctx, &s3.AbortMultipartUploadInput{Bucket: bucket, Key: key, UploadId: id}); err != nil {
		t.Error(err)
	}
	if got := left(); got != 3 {
		t.Errorf("%d entries after the abortion", got)
	}
	if err := s.Put(ctx, "mail", "lists/big", []byte("plain"), nil); err != nil {
		t.Fatal(err)
	}
	if o, err := s.Get(ctx, "mail", "lists/big"); err != nil || string(o.Body) != "plain" || left() != 0 {
		t.Errorf("replaced: %q, %v, %d entries", o.Body, err, left())
	}
}

func TestMultipartCopyDelete(t *testing.T) {
	s, client, _ := serve(t)
	ctx := t.Context()
	up, err := client.CreateMultipartUpload(ctx, &s3.CreateMultipartUploadInput{Bucket: aws.String("mail"), Key: aws.String("big")})
	if err != nil {
		t.Fatal(err)
	}
	var parts []types.CompletedPart
	for n, size := range []int{5 << 20, 1000} {
		out, err := client.UploadPart(ctx, &s3.UploadPartInput{Bucket: aws.String("mail"), Key: aws.String("big"), UploadId: up.UploadId, PartNumber: aws.Int32(int32(n + 1)), Body: bytes.NewReader(make([]byte, size))})
		if err != nil {
			t.Fatal(err)
		}
		parts = append(parts, types.CompletedPart{ETag: out.ETag, PartNumber: aws.Int32(int32(n + 1))})
	}
	_, err = client.CompleteMultipartUpload(ctx, &s3.CompleteMultipartUploadInput{Bucket: aws.String("mail"), Key: aws.String("big"), UploadId: up.UploadId, MultipartUpload: &types.CompletedMultipartUpload{Parts: parts}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := client.CopyObject(ctx, &s3.CopyObjectInput{Bucket: aws.String("templates"), Key: aws.String("copy"), CopySource: aws.String("mail/big")}); err != nil {
		t.Fatal(err)
	}
	if o, err := s.Get(ctx, "templates", "copy"); err != nil || o.Size != 5<<20+1000 {
		t.Errorf("copy: %d bytes, %v", o.Size, err)
	}
	_, err = client.DeleteObjects(ctx, &s3.DeleteObjectsInput{Bucket: aws.String("mail"), Delete: &types.Delete{Objects: []types.ObjectIdentifier{{Key: aws.String("big")}, {Key: aws.String("none")}}}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Get(ctx, "mail", "big"); !errors.Is(err, ErrNotFound) {
		t.Errorf("deleted object: %v", err)
	}
	if _, err := client.DeleteBucket(ctx, &s3.DeleteBucketInput{Bucket: aws.String("templates")}); err == nil {
		t.Error("a bucket with an object in it is deleted")
	}
	if _, err := client.CreateBucket(ctx, &s3.CreateBucketInput{Bucket: aws.String("another")}); err != nil {
		t.Error(err)
	}
	if list, err := client.ListBuckets(ctx, nil); err != nil || len(list.Buckets) != 3 {
		t.Errorf("%v, %v", list, err)
	}
}

func TestFortyMegabytes(t *testing.T) {
	size := 40 << 20
	if testing.Short() {
		size = 4 << 20
	}
	_, client, _ := serve(t)
	body := bytes.Repeat([]byte("0123456789abcdef"), size/16)
	if _, err := client.PutObject(t.Context(), &s3.PutObjectInput{Bucket: aws.String("mail"), Key: aws.String("big"), Body: bytes.NewReader(body)}); err != nil {
		t.Fatal(err)
	}
	got, err := client.GetObject(t.Context(), &s3.GetObjectInput{Bucket: aws.String("mail"), Key: aws.String("big")})
	if err != nil {
		t.Fatal(err)
	}
	if back, err := io.ReadAll(got.Body); err != nil || !bytes.Equal(back, body) {
		t.Errorf("%d bytes came back, %v", len(back), err)
	}
}

func BenchmarkPut(b *testing.B) {
	for _, size := range []int{10 << 10, 1 << 20} {
		b.Run(fmt.Sprint(size), func(b *testing.B) {
			s := open(b, b.TempDir())
			body := make([]byte, size)
			b.SetBytes(int64(size))
			for i := 0; b.Loop(); i++ {
				if err := s.Put(context.Background(), "mail", fmt.Sprint(i%1000), body, nil); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
