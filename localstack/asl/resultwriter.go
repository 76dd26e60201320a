package asl

import (
	"context"
	"fmt"
	"io"
	"strings"
)

// resultWriter is ResultWriter: where the results of the children are written.
// https://docs.aws.amazon.com/step-functions/latest/dg/input-output-resultwriter.html
type resultWriter struct {
	objects    Objects
	parameters *template
	file       int // bytes of a result file
}

// destination is where one Map Run's results go.
type destination struct {
	writer *resultWriter
	bucket string
	folder string // with the slash at its end
}

// destination computes it from the state's input.
func (w *resultWriter) destination(d data, mapRun string) (*destination, *Failure) {
	filled, failure := w.parameters.fill(d)
	if failure != nil {
		return nil, failure
	}
	parameters := filled.(*Object) // by the loader
	bucket, failure := textOf(parameters, "Bucket")
	if failure != nil {
		return nil, failure
	}
	prefix := ""
	if _, given := parameters.Get("Prefix"); given {
		if prefix, failure = textOf(parameters, "Prefix"); failure != nil {
			return nil, failure
		}
	}
	if prefix = strings.TrimSuffix(prefix, "/"); prefix != "" {
		prefix += "/"
	}
	return &destination{writer: w, bucket: bucket, folder: prefix + mapRun + "/"}, nil
}

// write writes the results of all children and the manifest, and returns the result of the state. Written again, the
// files are the same ones.
func (d *destination) write(ctx context.Context, children Children) (*Object, error) {
	failed, succeeded := d.files(ctx, "FAILED"), d.files(ctx, "SUCCEEDED")
	err := children.Each(func(c ChildResult) error {
		files := failed
		if c.Status == Succeeded {
			files = succeeded
		}
		return files.add(JSON(c.entry()))
	})
	for _, files := range []*resultFiles{failed, succeeded} {
		if err == nil {
			err = files.finish()
		}
	}
	if err != nil {
		return nil, err
	}
	manifest := NewObject(
		"DestinationBucket", d.bucket, "MapRunArn", children.ARN(),
		// A child begins only when it may run, so that none is ever left pending.
		"ResultFiles", NewObject("FAILED", failed.list, "PENDING", []any{}, "SUCCEEDED", succeeded.list),
	)
	key := d.folder + "manifest.json"
	if err := d.put(ctx, key, JSON(manifest)); err != nil {
		return nil, err
	}
	return NewObject("MapRunArn", children.ARN(), "ResultWriterDetails", NewObject("Bucket", d.bucket, "Key", key)), nil
}

func (d *destination) put(ctx context.Context, key string, text []byte) error {
	out, err := d.writer.objects.Create(ctx, d.bucket, key)
	if err != nil {
		return writerFailed(err)
	}
	if _, err = out.Write(text); err == nil {
		err = out.Close()
	}
	return writerFailed(err)
}

// writerFailed is the failure that an error of writing is; nil for nil.
func writerFailed(err error) error {
	if err == nil {
		return nil
	}
	return &Failure{Name: ErrorResultWriter, Cause: err.Error()}
}

// resultFiles are the files of one status: JSON arrays, each as long as is allowed.
type resultFiles struct {
	*destination
	ctx    context.Context //nolint:containedctx // of the one call of write
	status string
	list   []any // of the manifest

	out  io.WriteCloser // the file being written; nil between files
	key  string
	size int
}

func (d *destination) files(ctx context.Context, status string) *resultFiles {
	return &resultFiles{destination: d, ctx: ctx, status: status, list: []any{}}
}

func (f *resultFiles) add(entry []byte) error {
	if f.out != nil && f.size+1+len(entry)+1 > f.writer.file {
		if err := f.finish(); err != nil {
			return err
		}
	}
	before := ","
	if f.out == nil {
		before = "["
		f.key = fmt.Sprintf("%s%s_%d.json", f.folder, f.status, len(f.list))
		var err error
		if f.out, err = f.writer.objects.Create(f.ctx, f.bucket, f.key); err != nil {
			return writerFailed(err)
		}
	}
	return f.write(append([]byte(before), entry...))
}

func (f *resultFiles) write(text []byte) error {
	n, err := f.out.Write(text)
	f.size += n
	return writerFailed(err)
}

// finish ends the file being written.
func (f *resultFiles) finish() error {
	if f.out == nil {
		return nil
	}
	if err := f.write([]byte("]")); err != nil {
		return err
	}
	if err := f.out.Close(); err != nil {
		return writerFailed(err)
	}
	f.list = append(f.list, NewObject("Key", f.key, "Size", number(int64(f.size))))
	f.out, f.size = nil, 0
	return nil
}
