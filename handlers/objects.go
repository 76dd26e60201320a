package handlers

import (
	"context"
	"io"

	"github.com/calendarinvite/calendarinviteserver/internal/app"
	"github.com/calendarinvite/calendarinviteserver/internal/s3blob"
)

// objects are what steps do with stored objects.
type objects interface {
	Get(ctx context.Context, bucket, key string) ([]byte, error)
	Open(ctx context.Context, bucket, key string) (io.ReadCloser, error)
	Create(ctx context.Context, bucket, key, contentType string) *s3blob.Upload
}

func blobs(a *app.App) objects { return a.Blobs() }
