package objects

import (
	"bytes"
	"cmp"
	"crypto/md5"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/johannesboyne/gofakes3"
	bolt "go.etcd.io/bbolt"
)

// The parts of multipart uploads are kept as they come, and an object that was made of parts keeps them so: a large object is never in
// memory as a whole. In the bucket's bbolt bucket there are, from the first upload on: what is known of uploads (<id>) and their parts
// (<id>/<number>), and the parts' bodies (<id>/<number>).
var (
	uploadBucket = []byte("uploads")
	partBucket   = []byte("parts")
)

// smallestPart is the least size of every part but the last (S3 user guide, "Amazon S3 multipart upload limits").
const smallestPart = 5 << 20

// upload is a multipart upload that has not been completed.
type upload struct {
	Object    string            `json:"object"`
	Metadata  map[string]string `json:"metadata"`
	Initiated time.Time         `json:"initiated"`
}

// part is a part of an upload or of an object.
type part struct {
	Key      string    `json:"key"` // of its body
	Size     int64     `json:"size"`
	MD5      []byte    `json:"md5"`
	Modified time.Time `json:"modified"`
}

var _ gofakes3.MultipartBackend = (*backend)(nil)

func partKey(id gofakes3.UploadID, number int) string { return fmt.Sprintf("%s/%05d", id, number) }

func (b *backend) CreateMultipartUpload(bucket, object string, meta map[string]string) (gofakes3.UploadID, error) {
	var random [16]byte
	_, _ = rand.Read(random[:]) // never fails since Go 1.24
	id := gofakes3.UploadID(hex.EncodeToString(random[:]))
	return id, b.change(bucket, func(at *bolt.Bucket) error {
		for _, name := range [][]byte{uploadBucket, partBucket} {
			if _, err := at.CreateBucketIfNotExists(name); err != nil {
				return err
			}
		}
		return putJSON(at.Bucket(uploadBucket), string(id), upload{object, meta, b.now().UTC()})
	})
}

func (b *backend) UploadPart(bucket, object string, id gofakes3.UploadID, number int, length int64, in io.Reader) (etag string, err error) {
	body, err := gofakes3.ReadAll(in, length)
	if err != nil {
		return "", err
	}
	sum, key := md5.Sum(body), partKey(id, number)
	return gofakes3.FormatETag(sum[:]), b.change(bucket, func(at *bolt.Bucket) error {
		if _, err := uploadOf(at, object, id); err != nil {
			return err
		}
		if err := putJSON(at.Bucket(uploadBucket), key, part{key, int64(len(body)), sum[:], b.now().UTC()}); err != nil {
			return err
		}
		return at.Bucket(partBucket).Put([]byte(key), body)
	})
}

func (b *backend) AbortMultipartUpload(bucket, object string, id gofakes3.UploadID) error {
	return b.change(bucket, func(at *bolt.Bucket) error {
		if _, err := uploadOf(at, object, id); err != nil {
			return err
		}
		return forget(at, id, nil)
	})
}

// CompleteMultipartUpload makes an object of the parts. Its ETag is the MD5 of the parts' MD5s, without the number of parts that S3 adds.
func (b *backend) CompleteMultipartUpload(bucket, object string, id gofakes3.UploadID, in *gofakes3.CompleteMultipartUploadRequest) (version gofakes3.VersionID, etag string, err error) {
	err = b.change(bucket, func(at *bolt.Bucket) error {
		up, err := uploadOf(at, object, id)
		if err != nil {
			return err
		}
		parts, err := chosen(at, id, in.Parts)
		if err != nil {
			return err
		}
		r := record{Modified: b.now().UTC(), Parts: parts}
		sums, checksum := md5.New(), crc32.NewIEEE()
		keep := make(map[string]bool)
		for _, p := range parts {
			r.Size += p.Size
			keep[p.Key] = true
			_, _ = sums.Write(p.MD5) // hashes never fail
			_, _ = checksum.Write(at.Bucket(partBucket).Get([]byte(p.Key)))
		}
		r.MD5 = sums.Sum(nil)
		r.Metadata = kept(up.Metadata, r.Modified, checksum.Sum32())
		etag = gofakes3.FormatETag(r.MD5)
		if err := forget(at, id, keep); err != nil {
			return err
		}
		if err := dropObject(at, object); err != nil {
			return err
		}
		return putJSON(at.Bucket(metaBucket), object, r)
	})
	return "", etag, err
}

// chosen are the parts that the completion names, in its order, which must be that of their numbers.
func chosen(at *bolt.Bucket, id gofakes3.UploadID, list []gofakes3.CompletedPart) ([]part, error) {
	if len(list) == 0 {
		return nil, gofakes3.ErrorMessage(gofakes3.ErrInvalidPart, "You must specify at least one part")
	}
	var parts []part
	for i, named := range list {
		if i > 0 && named.PartNumber <= list[i-1].PartNumber {
			return nil, gofakes3.ErrInvalidPartOrder
		}
		var p part
		data := at.Bucket(uploadBucket).Get([]byte(partKey(id, named.PartNumber)))
		if data == nil {
			return nil, gofakes3.ErrInvalidPart
		}
		if err := json.Unmarshal(data, &p); err != nil {
			return nil, err
		}
		if strings.Trim(named.ETag, `"`) != hex.EncodeToString(p.MD5) {
			return nil, gofakes3.ErrInvalidPart
		}
		if i < len(list)-1 && p.Size < smallestPart { // S3 says EntityTooSmall, which gofakes3 has no word for
			return nil, gofakes3.ErrorMessage(gofakes3.ErrInvalidPart, "Your proposed upload is smaller than the minimum allowed size")
		}
		parts = append(parts, p)
	}
	return parts, nil
}

func (b *backend) ListParts(bucket, object string, id gofakes3.UploadID, marker int, limit int64) (*gofakes3.ListMultipartUploadPartsResult, error) {
	result := &gofakes3.ListMultipartUploadPartsResult{Bucket: bucket, Key: object, UploadID: id, StorageClass: "STANDARD", PartNumberMarker: marker, MaxParts: limit}
	return result, b.look(bucket, func(at *bolt.Bucket) error {
		if _, err := uploadOf(at, object, id); err != nil {
			return err
		}
		prefix := []byte(string(id) + "/")
		c := at.Bucket(uploadBucket).Cursor()
		for k, v := c.Seek([]byte(partKey(id, marker+1))); bytes.HasPrefix(k, prefix); k, v = c.Next() {
			if int64(len(result.Parts)) == limit {
				result.IsTruncated, result.NextPartNumberMarker = true, result.Parts[limit-1].PartNumber
				return nil
			}
			var number int
			if _, err := fmt.Sscanf(string(k[len(prefix):]), "%d", &number); err != nil {
				return err
			}
			var p part
			if err := json.Unmarshal(v, &p); err != nil {
				return err
			}
			result.Parts = append(result.Parts, gofakes3.ListMultipartUploadPartItem{
				PartNumber: number, LastModified: gofakes3.NewContentTime(p.Modified), ETag: gofakes3.FormatETag(p.MD5), Size: p.Size,
			})
		}
		return nil
	})
}

func (b *backend) ListMultipartUploads(bucket string, marker *gofakes3.UploadListMarker, prefix gofakes3.Prefix, limit int64) (*gofakes3.ListMultipartUploadsResult, error) {
	result := &gofakes3.ListMultipartUploadsResult{Bucket: bucket, Delimiter: prefix.Delimiter, Prefix: prefix.Prefix, MaxUploads: limit}
	var after gofakes3.ListMultipartUploadItem
	if marker != nil {
		result.KeyMarker, result.UploadIDMarker = marker.Object, marker.UploadID
		after.Key, after.UploadID = marker.Object, marker.UploadID
	}
	var all []gofakes3.ListMultipartUploadItem
	err := b.look(bucket, func(at *bolt.Bucket) error {
		uploads := at.Bucket(uploadBucket)
		if uploads == nil {
			return nil
		}
		return uploads.ForEach(func(k, v []byte) error {
			if bytes.IndexByte(k, '/') >= 0 {
				return nil
			}
			var up upload
			if err := json.Unmarshal(v, &up); err != nil {
				return err
			}
			if strings.HasPrefix(up.Object, prefix.Prefix) {
				all = append(all, gofakes3.ListMultipartUploadItem{Key: up.Object, UploadID: gofakes3.UploadID(k), StorageClass: "STANDARD", Initiated: gofakes3.NewContentTime(up.Initiated)})
			}
			return nil
		})
	})
	order := func(a, b gofakes3.ListMultipartUploadItem) int {
		return cmp.Or(cmp.Compare(a.Key, b.Key), cmp.Compare(a.UploadID, b.UploadID))
	}
	slices.SortFunc(all, order)
	for _, item := range all {
		if marker != nil && (order(item, after) <= 0 || after.UploadID == "" && item.Key == after.Key) {
			continue
		}
		if int64(len(result.Uploads)) == limit {
			last := result.Uploads[limit-1]
			result.IsTruncated, result.NextKeyMarker, result.NextUploadIDMarker = true, last.Key, last.UploadID
			break
		}
		result.Uploads = append(result.Uploads, item)
	}
	return result, err
}

// uploadOf finds an upload.
func uploadOf(at *bolt.Bucket, object string, id gofakes3.UploadID) (up upload, err error) {
	uploads := at.Bucket(uploadBucket)
	if uploads == nil || strings.Contains(string(id), "/") {
		return up, gofakes3.ErrNoSuchUpload
	}
	data := uploads.Get([]byte(id))
	if data == nil {
		return up, gofakes3.ErrNoSuchUpload
	}
	if err := json.Unmarshal(data, &up); err != nil {
		return up, err
	}
	if up.Object != object {
		return up, gofakes3.ErrNoSuchUpload
	}
	return up, nil
}

// forget removes an upload and its parts, but not the bodies that are to be kept.
func forget(at *bolt.Bucket, id gofakes3.UploadID, keep map[string]bool) error {
	prefix := []byte(string(id) + "/")
	var keys [][]byte
	c := at.Bucket(uploadBucket).Cursor()
	for k, _ := c.Seek(prefix); bytes.HasPrefix(k, prefix); k, _ = c.Next() {
		keys = append(keys, bytes.Clone(k))
	}
	for _, k := range keys {
		if err := at.Bucket(uploadBucket).Delete(k); err != nil {
			return err
		}
		if keep[string(k)] {
			continue
		}
		if err := at.Bucket(partBucket).Delete(k); err != nil {
			return err
		}
	}
	return at.Bucket(uploadBucket).Delete([]byte(id))
}

// dropObject removes an object with all that it is made of; removing nothing is no error.
func dropObject(at *bolt.Bucket, key string) error {
	r, ok, err := recordOf(at, key)
	if err != nil || !ok {
		return err
	}
	for _, p := range r.Parts {
		if err := at.Bucket(partBucket).Delete([]byte(p.Key)); err != nil {
			return err
		}
	}
	return errors.Join(at.Bucket(metaBucket).Delete([]byte(key)), at.Bucket(dataBucket).Delete([]byte(key)))
}

// partReader reads an object that is made of parts, one part at a time.
type partReader struct {
	backend *backend
	bucket  string
	parts   []part // still to be read
	skip    int64  // bytes to leave out, of the first of them
	left    int64  // bytes to be read
	now     []byte
}

func (b *backend) newPartReader(bucket string, parts []part, from, length int64) *partReader {
	for len(parts) > 0 && from >= parts[0].Size {
		from -= parts[0].Size
		parts = parts[1:]
	}
	return &partReader{backend: b, bucket: bucket, parts: parts, skip: from, left: length}
}

func (r *partReader) Read(p []byte) (int, error) {
	if r.left == 0 {
		return 0, io.EOF
	}
	if len(r.now) == 0 {
		if len(r.parts) == 0 {
			return 0, io.ErrUnexpectedEOF
		}
		err := r.backend.look(r.bucket, func(at *bolt.Bucket) error {
			body := at.Bucket(partBucket).Get([]byte(r.parts[0].Key))
			if int64(len(body)) <= r.skip {
				return io.ErrUnexpectedEOF // the object has been replaced meanwhile
			}
			r.now = bytes.Clone(body[r.skip:])
			return nil
		})
		if err != nil {
			return 0, err
		}
		r.parts, r.skip = r.parts[1:], 0
	}
	n := copy(p[:min(int64(len(p)), r.left)], r.now)
	r.now, r.left = r.now[n:], r.left-int64(n)
	return n, nil
}

func (r *partReader) Close() error { return nil }

// change and look run fn on a bucket, to write and to read.
func (b *backend) change(bucket string, fn func(at *bolt.Bucket) error) error {
	return b.bolt.Update(func(tx *bolt.Tx) error { return within(tx, bucket, fn) })
}

func (b *backend) look(bucket string, fn func(at *bolt.Bucket) error) error {
	return b.bolt.View(func(tx *bolt.Tx) error { return within(tx, bucket, fn) })
}

func within(tx *bolt.Tx, bucket string, fn func(at *bolt.Bucket) error) error {
	at := tx.Bucket([]byte(bucket))
	if at == nil {
		return gofakes3.BucketNotFound(bucket)
	}
	return fn(at)
}

func putJSON(at *bolt.Bucket, key string, v any) error {
	data, err := json.Marshal(v)
	if err != nil {
		return err
	}
	return at.Put([]byte(key), data)
}
