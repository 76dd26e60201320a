package objects

import (
	"bytes"
	"crypto/md5"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"hash/crc32"
	"io"
	"maps"
	"net/http"
	"time"

	"github.com/johannesboyne/gofakes3"
	bolt "go.etcd.io/bbolt"
)

// The file has one bbolt bucket per S3 bucket, and in it: what is known of each object, and the bodies. They are apart so that
// listing reads no body.
var (
	metaBucket = []byte("meta")
	dataBucket = []byte("data")
	createdKey = []byte("created")
)

const lastModifiedFormat = http.TimeFormat

// checksumHeader is sent with every object, so that SDKs, which ask for one, can check what they read.
const checksumHeader = "X-Amz-Checksum-Crc32"

// record is what is known of an object.
type record struct {
	Size     int64             `json:"size"`
	Modified time.Time         `json:"modified"`
	MD5      []byte            `json:"md5"`
	Metadata map[string]string `json:"metadata"`
	Parts    []part            `json:"parts,omitempty"` // of an object that came in parts: where its body is
}

// backend implements gofakes3.Backend; see there for what each method promises.
type backend struct {
	bolt *bolt.DB
	now  func() time.Time
}

var _ gofakes3.Backend = (*backend)(nil)

func (b *backend) ListBuckets() ([]gofakes3.BucketInfo, error) {
	var list []gofakes3.BucketInfo
	err := b.bolt.View(func(tx *bolt.Tx) error {
		return tx.ForEach(func(name []byte, at *bolt.Bucket) error {
			var created time.Time
			if err := created.UnmarshalText(at.Get(createdKey)); err != nil {
				return fmt.Errorf("objects: bucket %s: %w", name, err)
			}
			list = append(list, gofakes3.BucketInfo{Name: string(name), CreationDate: gofakes3.NewContentTime(created)})
			return nil
		})
	})
	return list, err
}

func (b *backend) CreateBucket(name string) error {
	return b.bolt.Update(func(tx *bolt.Tx) error {
		if tx.Bucket([]byte(name)) != nil {
			return gofakes3.ResourceError(gofakes3.ErrBucketAlreadyExists, name)
		}
		at, err := tx.CreateBucket([]byte(name))
		if err != nil {
			return err
		}
		for _, inner := range [][]byte{metaBucket, dataBucket} {
			if _, err := at.CreateBucket(inner); err != nil {
				return err
			}
		}
		created, err := b.now().UTC().MarshalText()
		if err != nil {
			return err
		}
		return at.Put(createdKey, created)
	})
}

func (b *backend) BucketExists(name string) (exists bool, err error) {
	err = b.bolt.View(func(tx *bolt.Tx) error {
		exists = tx.Bucket([]byte(name)) != nil
		return nil
	})
	return exists, err
}

func (b *backend) DeleteBucket(name string) error {
	return b.bolt.Update(func(tx *bolt.Tx) error {
		at := tx.Bucket([]byte(name))
		if at == nil {
			return gofakes3.BucketNotFound(name)
		}
		if k, _ := at.Bucket(metaBucket).Cursor().First(); k != nil {
			return gofakes3.ResourceError(gofakes3.ErrBucketNotEmpty, name)
		}
		return tx.DeleteBucket([]byte(name))
	})
}

func (b *backend) ForceDeleteBucket(name string) error {
	return b.bolt.Update(func(tx *bolt.Tx) error {
		if tx.Bucket([]byte(name)) == nil {
			return gofakes3.BucketNotFound(name)
		}
		return tx.DeleteBucket([]byte(name))
	})
}

func (b *backend) HeadObject(bucket, key string) (*gofakes3.Object, error) {
	return b.read(bucket, key, func(r record, _ []byte) (*gofakes3.Object, error) {
		return &gofakes3.Object{Name: key, Metadata: r.Metadata, Size: r.Size, Hash: r.MD5, Contents: io.NopCloser(bytes.NewReader(nil))}, nil
	})
}

func (b *backend) GetObject(bucket, key string, part *gofakes3.ObjectRangeRequest) (*gofakes3.Object, error) {
	return b.read(bucket, key, func(r record, body []byte) (*gofakes3.Object, error) {
		only, err := part.Range(r.Size)
		if err != nil {
			return nil, err
		}
		from, length := int64(0), r.Size
		if only != nil {
			from, length = only.Start, only.Length
			delete(r.Metadata, checksumHeader) // it is the whole object's
		}
		o := &gofakes3.Object{Name: key, Metadata: r.Metadata, Size: r.Size, Hash: r.MD5, Range: only}
		if r.Parts != nil {
			o.Contents = b.newPartReader(bucket, r.Parts, from, length)
		} else {
			o.Contents = io.NopCloser(bytes.NewReader(bytes.Clone(body[from : from+length])))
		}
		return o, nil
	})
}

// read finds an object; body is valid only while use runs.
func (b *backend) read(bucket, key string, use func(r record, body []byte) (*gofakes3.Object, error)) (got *gofakes3.Object, err error) {
	err = b.look(bucket, func(at *bolt.Bucket) error {
		r, ok, err := recordOf(at, key)
		if err != nil {
			return err
		}
		if !ok {
			return gofakes3.KeyNotFound(key)
		}
		got, err = use(r, at.Bucket(dataBucket).Get([]byte(key)))
		return err
	})
	return got, err
}

func recordOf(at *bolt.Bucket, key string) (r record, ok bool, err error) {
	data := at.Bucket(metaBucket).Get([]byte(key))
	if data == nil {
		return r, false, nil
	}
	if err := json.Unmarshal(data, &r); err != nil {
		return r, false, fmt.Errorf("objects: %s: %w", key, err)
	}
	return r, true, nil
}

func (b *backend) PutObject(bucket, key string, metadata map[string]string, in io.Reader, size int64, conditions *gofakes3.PutConditions) (gofakes3.PutObjectResult, error) {
	var result gofakes3.PutObjectResult
	body, err := gofakes3.ReadAll(in, size)
	if err != nil {
		return result, err
	}
	now, sum := b.now().UTC(), md5.Sum(body) // the ETag of S3
	r := record{Size: int64(len(body)), Modified: now, MD5: sum[:], Metadata: kept(metadata, now, crc32.ChecksumIEEE(body))}
	return result, b.change(bucket, func(at *bolt.Bucket) error {
		if conditions != nil {
			old, exists, err := recordOf(at, key)
			if err != nil {
				return err
			}
			if err := gofakes3.CheckPutConditions(conditions, &gofakes3.ConditionalObjectInfo{Exists: exists, Hash: old.MD5}); err != nil {
				return err
			}
		}
		if err := dropObject(at, key); err != nil {
			return err
		}
		if err := putJSON(at.Bucket(metaBucket), key, r); err != nil {
			return err
		}
		return at.Bucket(dataBucket).Put([]byte(key), body)
	})
}

// kept is the metadata of an object: what the client said, and what S3 says itself.
func kept(metadata map[string]string, modified time.Time, checksum uint32) map[string]string {
	all := make(map[string]string, len(metadata)+3)
	maps.Copy(all, metadata)
	all["Last-Modified"] = modified.Format(lastModifiedFormat)
	all[checksumHeader] = base64.StdEncoding.EncodeToString(binary.BigEndian.AppendUint32(nil, checksum))
	all["X-Amz-Checksum-Type"] = "FULL_OBJECT"
	return all
}

func (b *backend) DeleteObject(bucket, key string) (gofakes3.ObjectDeleteResult, error) {
	_, err := b.DeleteMulti(bucket, key)
	return gofakes3.ObjectDeleteResult{}, err
}

func (b *backend) DeleteMulti(bucket string, keys ...string) (result gofakes3.MultiDeleteResult, err error) {
	err = b.change(bucket, func(at *bolt.Bucket) error {
		for _, key := range keys {
			if err := dropObject(at, key); err != nil {
				return err
			}
			result.Deleted = append(result.Deleted, gofakes3.ObjectID{Key: key})
		}
		return nil
	})
	return result, err
}

func (b *backend) CopyObject(fromBucket, fromKey, toBucket, toKey string, metadata map[string]string) (gofakes3.CopyObjectResult, error) {
	return gofakes3.CopyObject(b, fromBucket, fromKey, toBucket, toKey, metadata)
}
