package aws

import (
	"bytes"
	"io"
	"strings"
	"testing"

	sdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
)

// What a step that writes a list does to S3, and the permissions that it takes.
func TestObjectsInParts(t *testing.T) {
	e := start(t)
	ctx, bucket, key := t.Context(), sdk.String("cis-mail"), sdk.String("lists/attendees.jsonl")
	lister, reader := s3.NewFromConfig(e.as("lister")), s3.NewFromConfig(e.as("reader"))

	if _, err := reader.CreateMultipartUpload(ctx, &s3.CreateMultipartUploadInput{Bucket: bucket, Key: key}); code(err) != "AccessDenied" {
		t.Errorf("without s3:PutObject: %v", err)
	}
	create := func() *string {
		t.Helper()
		up, err := lister.CreateMultipartUpload(ctx, &s3.CreateMultipartUploadInput{Bucket: bucket, Key: key})
		if err != nil {
			t.Fatal(err)
		}
		return up.UploadId
	}
	id := create()
	var parts []types.CompletedPart
	for n, size := range []int{5 << 20, 300} {
		number := sdk.Int32(int32(n + 1))
		out, err := lister.UploadPart(ctx, &s3.UploadPartInput{Bucket: bucket, Key: key, UploadId: id, PartNumber: number, Body: bytes.NewReader(bytes.Repeat([]byte{byte('a' + n)}, size))})
		if err != nil {
			t.Fatal(err)
		}
		parts = append(parts, types.CompletedPart{ETag: out.ETag, PartNumber: number})
	}
	if _, err := lister.CompleteMultipartUpload(ctx, &s3.CompleteMultipartUploadInput{Bucket: bucket, Key: key, UploadId: id, MultipartUpload: &types.CompletedMultipartUpload{Parts: parts}}); err != nil {
		t.Fatal(err)
	}
	got, err := reader.GetObject(ctx, &s3.GetObjectInput{Bucket: bucket, Key: key, Range: sdk.String("bytes=5242878-5242881")})
	if err != nil {
		t.Fatal(err)
	}
	if body, err := io.ReadAll(got.Body); err != nil || string(body) != "aabb" {
		t.Errorf("range: %q, %v", body, err)
	}

	aborted := create()
	if _, err := reader.AbortMultipartUpload(ctx, &s3.AbortMultipartUploadInput{Bucket: bucket, Key: key, UploadId: aborted}); code(err) != "AccessDenied" {
		t.Errorf("without s3:AbortMultipartUpload: %v", err)
	}
	if _, err := lister.AbortMultipartUpload(ctx, &s3.AbortMultipartUploadInput{Bucket: bucket, Key: key, UploadId: aborted}); err != nil {
		t.Errorf("abort: %v", err)
	}

	if _, err := reader.ListObjectsV2(ctx, &s3.ListObjectsV2Input{Bucket: bucket}); code(err) != "AccessDenied" {
		t.Errorf("without s3:ListBucket: %v", err)
	}
	list, err := lister.ListObjectsV2(ctx, &s3.ListObjectsV2Input{Bucket: bucket, Prefix: sdk.String("lists/")})
	if err != nil || len(list.Contents) != 1 || *list.Contents[0].Size != 5<<20+300 {
		t.Errorf("list: %+v, %v", list, err)
	}
	if _, err := reader.DeleteObject(ctx, &s3.DeleteObjectInput{Bucket: bucket, Key: key}); code(err) != "AccessDenied" {
		t.Errorf("without s3:DeleteObject: %v", err)
	}
	if _, err := lister.DeleteObject(ctx, &s3.DeleteObjectInput{Bucket: bucket, Key: key}); err != nil {
		t.Error(err)
	}
	if _, err := lister.GetObject(ctx, &s3.GetObjectInput{Bucket: bucket, Key: key}); code(err) != "NoSuchKey" {
		t.Errorf("deleted: %v", err)
	}
	if unused := e.Permissions().Unused("lister"); len(unused) != 0 {
		var left []string
		for _, u := range unused {
			left = append(left, u.Action)
		}
		t.Errorf("unused: %s", strings.Join(left, ", "))
	}
}
