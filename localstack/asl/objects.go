package asl

import (
	"context"
	"io"
	"time"
)

// Objects is Amazon S3, as far as ItemReader and ResultWriter need it. An error's text becomes the cause of the
// state's failure.
type Objects interface {
	// Open opens an object for reading.
	Open(ctx context.Context, bucket, key string) (io.ReadCloser, error)
	// List calls each with the objects whose keys begin with prefix, in order of their keys. An error of each ends
	// it and is returned.
	List(ctx context.Context, bucket, prefix string, each func(StoredObject) error) error
	// Create begins an object. It exists, in place of any other of that key, when Close has returned nil; without
	// Close it never does.
	Create(ctx context.Context, bucket, key string) (io.WriteCloser, error)
}

// StoredObject is an object in a list.
type StoredObject struct {
	Key      string
	ETag     string // with its quotes
	Size     int64
	Modified time.Time
}
