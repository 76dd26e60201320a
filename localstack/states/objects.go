package states

import (
	"bytes"
	"context"
	"errors"
	"io"
	"strconv"

	"github.com/calendarinvite/calendarinviteserver/localstack/asl"
	"github.com/calendarinvite/calendarinviteserver/localstack/objects"
)

// Stored makes the local stack's S3 what machines read items from and write results to.
func Stored(store *objects.Store) asl.Objects { return stored{store} }

type stored struct{ store *objects.Store }

func (s stored) Open(ctx context.Context, bucket, key string) (io.ReadCloser, error) {
	_, body, err := s.store.Open(ctx, bucket, key)
	return body, err
}

func (s stored) List(ctx context.Context, bucket, prefix string, each func(asl.StoredObject) error) error {
	const page = 1000
	for after := ""; ; {
		list, err := s.store.List(ctx, bucket, prefix, after, page)
		if err != nil {
			return err
		}
		for _, o := range list {
			if err := each(asl.StoredObject{Key: o.Key, ETag: strconv.Quote(o.ETag), Size: o.Size, Modified: o.Modified}); err != nil {
				return err
			}
			after = o.Key
		}
		if len(list) < page {
			return nil
		}
	}
}

func (s stored) Create(ctx context.Context, bucket, key string) (io.WriteCloser, error) {
	return &newObject{ctx: ctx, store: s.store, bucket: bucket, key: key}, nil
}

// allowed is the S3 of one machine: what its role allows of it, and what happens to its calls.
type allowed struct {
	*Service
	machine string
}

func (a allowed) check(may func(machine, bucket, key string) bool, action, bucket, key string) error {
	if may == nil || may(a.machine, bucket, key) {
		return nil
	}
	resource := "arn:" + a.cfg.Partition + ":s3:::" + bucket
	if key != "" {
		resource += "/" + key
	}
	return errors.New(a.notAuthorized(a.machine, action, resource))
}

func (a allowed) Open(ctx context.Context, bucket, key string) (body io.ReadCloser, err error) {
	if err := a.check(a.cfg.MayRead, "s3:GetObject", bucket, key); err != nil {
		return nil, err
	}
	err = a.cfg.Call(ctx, a.machine, "s3:GetObject", func() (err error) {
		body, err = a.cfg.Objects.Open(ctx, bucket, key)
		return err
	})
	if err != nil && body != nil {
		return nil, errors.Join(err, body.Close())
	}
	return body, err
}

func (a allowed) List(ctx context.Context, bucket, prefix string, each func(asl.StoredObject) error) error {
	if err := a.check(a.cfg.MayRead, "s3:ListBucket", bucket, ""); err != nil {
		return err
	}
	return a.cfg.Call(ctx, a.machine, "s3:ListBucket", func() error { return a.cfg.Objects.List(ctx, bucket, prefix, each) })
}

func (a allowed) Create(ctx context.Context, bucket, key string) (io.WriteCloser, error) {
	if err := a.check(a.cfg.MayWrite, "s3:PutObject", bucket, key); err != nil {
		return nil, err
	}
	out, err := a.cfg.Objects.Create(ctx, bucket, key)
	if err != nil {
		return nil, err
	}
	return put{out, func() error { return a.cfg.Call(ctx, a.machine, "s3:PutObject", out.Close) }}, nil
}

// put is an object that is written when it is closed.
type put struct {
	io.Writer
	close func() error
}

func (p put) Close() error { return p.close() }

// newObject is an object being written; it is held until it is whole.
type newObject struct {
	bytes.Buffer
	ctx         context.Context //nolint:containedctx // of Create
	store       *objects.Store
	bucket, key string
}

func (o *newObject) Close() error {
	return o.store.Put(o.ctx, o.bucket, o.key, o.Bytes(), map[string]string{"Content-Type": "application/json"})
}
