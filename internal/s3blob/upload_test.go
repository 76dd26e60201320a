package s3blob_test

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"

	"github.com/calendarinvite/calendarinviteserver/internal/awstest"
	"github.com/calendarinvite/calendarinviteserver/internal/fault"
	"github.com/calendarinvite/calendarinviteserver/internal/s3blob"
	"github.com/calendarinvite/calendarinviteserver/localstack/objects"
)

const key = "lists/m1/outcome.csv"

// bucket is the local stack's S3 with one bucket, "cis-mail", and the names of the calls that reached it.
type bucket struct {
	*s3blob.Blobs
	store *objects.Store

	mu    sync.Mutex
	calls []string
	fail  map[string]string // call -> error code
	now   func(call string) // sees each call before it is answered; may be nil
}

func newBucket(t *testing.T) *bucket {
	t.Helper()
	store, err := objects.Open(t.TempDir(), "cis-mail")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { store.Close() })
	b := &bucket{store: store, fail: map[string]string{}}
	api := store.API()
	web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		call := name(r)
		b.mu.Lock()
		b.calls = append(b.calls, call)
		code := b.fail[call]
		b.mu.Unlock()
		if b.now != nil {
			b.now(call)
		}
		if code == "" {
			api.ServeHTTP(w, r)
			return
		}
		_, _ = io.Copy(io.Discard, r.Body) // else the client may see the connection break instead of the answer
		answer := awstest.XMLError(503, code)
		w.Header().Set("Content-Type", answer.Header["Content-Type"])
		w.WriteHeader(answer.Status)
		_, _ = w.Write([]byte(answer.Body))
	}))
	t.Cleanup(web.Close)
	b.Blobs = s3blob.New(awstest.Config(web.URL))
	return b
}

// name is the operation that a request is, with the number of a part.
func name(r *http.Request) string {
	query := r.URL.Query()
	switch {
	case r.Method == http.MethodPost && query.Has("uploads"):
		return "create"
	case r.Method == http.MethodPost && query.Has("uploadId"):
		return "complete"
	case r.Method == http.MethodPut && query.Has("partNumber"):
		return "part " + query.Get("partNumber")
	case r.Method == http.MethodDelete && query.Has("uploadId"):
		return "abort"
	}
	return r.Method
}

func (b *bucket) expectCalls(t *testing.T, want ...string) {
	t.Helper()
	b.mu.Lock()
	defer b.mu.Unlock()
	if !slices.Equal(b.calls, want) {
		t.Errorf("calls %q, want %q", b.calls, want)
	}
}

// body is that many bytes, no two parts of which are the same.
func body(size int) []byte {
	b := make([]byte, size)
	for i := range b {
		b[i] = byte(i % 251)
	}
	return b
}

func TestUpload(t *testing.T) {
	for _, test := range []struct {
		name  string
		size  int
		piece int // bytes of one Write
		calls []string
	}{
		{"empty", 0, 1, []string{"PUT"}},
		{"small", 1000, 100, []string{"PUT"}},
		{"a part exactly", s3blob.PartBytes, 10_000, []string{"PUT"}},
		{"a byte more", s3blob.PartBytes + 1, 10_000, []string{"create", "part 1", "part 2", "complete"}},
		{"two parts exactly", 2 * s3blob.PartBytes, 1 << 20, []string{"create", "part 1", "part 2", "complete"}},
		{"in one Write", 2*s3blob.PartBytes + 7, 3 * s3blob.PartBytes, []string{"create", "part 1", "part 2", "part 3", "complete"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			b, want := newBucket(t), body(test.size)
			upload := b.Create(t.Context(), "cis-mail", key, "text/csv; charset=UTF-8")
			for piece := range slices.Chunk(want, test.piece) {
				if n, err := upload.Write(piece); n != len(piece) || err != nil {
					t.Fatalf("%d bytes, %v", n, err)
				}
			}
			if _, err := b.store.Get(t.Context(), "cis-mail", key); err == nil {
				t.Error("the object is visible before Close")
			}
			if err := upload.Close(); err != nil {
				t.Fatal(err)
			}
			upload.Abort()
			b.expectCalls(t, test.calls...)
			object, err := b.store.Get(t.Context(), "cis-mail", key)
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(object.Body, want) || upload.Size() != int64(test.size) {
				t.Errorf("%d bytes arrived, %d counted", len(object.Body), upload.Size())
			}
			if got := object.Metadata["Content-Type"]; got != "text/csv; charset=UTF-8" {
				t.Errorf("type %q", got)
			}
			if err := upload.Close(); err == nil {
				t.Error("closed twice")
			}
			if _, err := upload.Write([]byte("x")); err == nil {
				t.Error("written after Close")
			}
		})
	}
}

func TestUploadFaults(t *testing.T) {
	for _, test := range []struct {
		name, at, code string
		size           int
		kind           fault.Kind
		calls          []string
	}{
		{"put", "PUT", "SlowDown", 10, fault.Throttled, []string{"PUT"}},
		{"put without permission", "PUT", "AccessDenied", 10, fault.Internal, []string{"PUT"}},
		{"start", "create", "InternalError", 2 * s3blob.PartBytes, fault.Unavailable, []string{"create"}},
		{"first part", "part 1", "SlowDown", 2 * s3blob.PartBytes, fault.Throttled, []string{"create", "part 1", "abort"}},
		{"last part", "part 2", "InternalError", 2 * s3blob.PartBytes, fault.Unavailable, []string{"create", "part 1", "part 2", "abort"}},
		{"upload gone", "part 2", "NoSuchUpload", 2 * s3blob.PartBytes, fault.Unavailable, []string{"create", "part 1", "part 2", "abort"}},
		{"completion", "complete", "InternalError", 2 * s3blob.PartBytes, fault.Unavailable, []string{"create", "part 1", "part 2", "complete", "abort"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			b := newBucket(t)
			b.fail[test.at] = test.code
			upload := b.Create(t.Context(), "cis-mail", key, "text/csv")
			_, wrote := upload.Write(body(test.size))
			err := upload.Close()
			if err == nil || fault.KindOf(err) != test.kind || fault.ReasonOf(err) != "s3" {
				t.Errorf("%v; want %s", err, test.kind)
			}
			if wrote != nil && wrote != err {
				t.Errorf("Write said %v, Close %v", wrote, err)
			}
			upload.Abort()
			b.expectCalls(t, test.calls...)
			if _, err := b.store.Get(t.Context(), "cis-mail", key); err == nil {
				t.Error("the object is visible")
			}
		})
	}
}

func TestAbort(t *testing.T) {
	for _, test := range []struct {
		name  string
		size  int
		calls []string
	}{
		{"nothing sent", 10, nil},
		{"a part sent", s3blob.PartBytes + 1, []string{"create", "part 1", "abort"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			b := newBucket(t)
			upload := b.Create(t.Context(), "cis-mail", key, "text/csv")
			if _, err := upload.Write(body(test.size)); err != nil {
				t.Fatal(err)
			}
			upload.Abort()
			upload.Abort()
			if err := upload.Close(); err == nil {
				t.Error("closed after Abort")
			}
			b.expectCalls(t, test.calls...)
			if _, err := b.store.Get(t.Context(), "cis-mail", key); err == nil {
				t.Error("the object is visible")
			}
		})
	}
}

// The parts that are there are removed also when the time of the step is over.
func TestUploadCancelled(t *testing.T) {
	b := newBucket(t)
	ctx, cancel := context.WithCancel(t.Context())
	b.now = func(call string) {
		if call == "part 2" {
			cancel()
		}
	}
	upload := b.Create(ctx, "cis-mail", key, "text/csv")
	_, err := upload.Write(body(3 * s3blob.PartBytes))
	if err == nil || fault.KindOf(err) != fault.Unavailable {
		t.Errorf("%v", err)
	}
	b.expectCalls(t, "create", "part 1", "part 2", "abort")
}
