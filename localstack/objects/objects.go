// Package objects is the local stack's Amazon S3: gofakes3's API over one bbolt file that survives kill -9.
package objects

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"time"

	"github.com/johannesboyne/gofakes3"

	"github.com/calendarinvite/calendarinviteserver/localstack/journal"
)

// FileName is the file in the data folder that holds all objects.
const FileName = "objects.db"

// ErrNotFound is the error for a bucket or an object that does not exist.
var ErrNotFound = errors.New("objects: not found")

// Store holds buckets of objects. Its methods may be called from many goroutines at once.
type Store struct{ backend *backend }

// Object is one object and what is known of it.
type Object struct {
	Bucket   string            `json:"bucket"`
	Key      string            `json:"key"`
	Size     int64             `json:"size"`
	ETag     string            `json:"etag"` // MD5 in hex
	Modified time.Time         `json:"modified"`
	Metadata map[string]string `json:"metadata,omitempty"` // by header name: Content-Type, X-Amz-Meta-…
	Body     []byte            `json:"-"`                  // Get only
}

// Open opens or creates the store in the folder dir, with these buckets. The errors are those of journal.OpenFile.
func Open(dir string, buckets ...string) (*Store, error) {
	db, err := journal.OpenFile(filepath.Join(dir, FileName))
	if err != nil {
		return nil, err
	}
	s := &Store{&backend{bolt: db, now: time.Now}}
	for _, name := range buckets {
		err := s.backend.CreateBucket(name)
		if err != nil && !gofakes3.HasErrorCode(err, gofakes3.ErrBucketAlreadyExists) {
			return nil, errors.Join(fmt.Errorf("objects: bucket %s: %w", name, err), db.Close())
		}
	}
	return s, nil
}

// Close releases the file.
func (s *Store) Close() error { return s.backend.bolt.Close() }

// Put stores an object, replacing one of the same key. metadata is by header name and may be nil.
func (s *Store) Put(_ context.Context, bucket, key string, body []byte, metadata map[string]string) error {
	_, err := s.backend.PutObject(bucket, key, metadata, bytes.NewReader(body), int64(len(body)), nil)
	return found(err, bucket, key)
}

// Get returns an object with its body; ErrNotFound if there is none.
func (s *Store) Get(_ context.Context, bucket, key string) (Object, error) {
	got, err := s.backend.GetObject(bucket, key, nil)
	if err != nil {
		return Object{}, found(err, bucket, key)
	}
	body, err := io.ReadAll(got.Contents)
	o := describe(bucket, key, got)
	o.Body = body
	return o, err
}

// Open returns an object and a reader of its body, which holds no more than a part of an object that was uploaded in parts; ErrNotFound
// if there is none.
func (s *Store) Open(_ context.Context, bucket, key string) (Object, io.ReadCloser, error) {
	got, err := s.backend.GetObject(bucket, key, nil)
	if err != nil {
		return Object{}, nil, found(err, bucket, key)
	}
	return describe(bucket, key, got), got.Contents, nil
}

// Has says whether an object exists.
func (s *Store) Has(_ context.Context, bucket, key string) (bool, error) {
	_, err := s.backend.HeadObject(bucket, key)
	if err = found(err, bucket, key); errors.Is(err, ErrNotFound) {
		return false, nil
	}
	return err == nil, err
}

// HasBucket says whether a bucket exists.
func (s *Store) HasBucket(name string) bool {
	exists, err := s.backend.BucketExists(name)
	return exists && err == nil
}

// Buckets are the names of all buckets, sorted.
func (s *Store) Buckets() ([]string, error) {
	list, err := s.backend.ListBuckets()
	names := make([]string, len(list))
	for i, b := range list {
		names[i] = b.Name
	}
	return names, err
}

// List returns up to limit objects whose keys begin with prefix and come after the key after, in order of their keys, without
// bodies. limit 0 means all.
func (s *Store) List(_ context.Context, bucket, prefix, after string, limit int) ([]Object, error) {
	p := gofakes3.NewPrefix(&prefix, nil)
	page := gofakes3.ListBucketPage{Marker: after, HasMarker: after != "", MaxKeys: int64(limit)}
	list, err := s.backend.ListBucket(bucket, &p, page)
	if err != nil {
		return nil, found(err, bucket, "")
	}
	objects := make([]Object, len(list.Contents))
	for i, c := range list.Contents {
		objects[i] = Object{Bucket: bucket, Key: c.Key, Size: c.Size, ETag: c.ETag[1 : len(c.ETag)-1], Modified: c.LastModified.Time}
	}
	return objects, nil
}

func describe(bucket, key string, got *gofakes3.Object) Object {
	etag := gofakes3.FormatETag(got.Hash)
	modified, _ := time.Parse(lastModifiedFormat, got.Metadata["Last-Modified"]) // written by PutObject
	return Object{Bucket: bucket, Key: key, Size: got.Size, ETag: etag[1 : len(etag)-1], Modified: modified, Metadata: got.Metadata}
}

func found(err error, bucket, key string) error {
	if gofakes3.HasErrorCode(err, gofakes3.ErrNoSuchKey) || gofakes3.HasErrorCode(err, gofakes3.ErrNoSuchBucket) {
		return fmt.Errorf("%w: s3://%s/%s", ErrNotFound, bucket, key)
	}
	return err
}
