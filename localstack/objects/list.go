package objects

import (
	"encoding/json"
	"fmt"

	"github.com/johannesboyne/gofakes3"
	bolt "go.etcd.io/bbolt"
)

// ListBucket returns keys in order, those below a delimiter rolled up into one common prefix.
func (b *backend) ListBucket(bucket string, prefix *gofakes3.Prefix, page gofakes3.ListBucketPage) (*gofakes3.ObjectList, error) {
	if prefix == nil {
		prefix = &gofakes3.Prefix{}
	}
	list := gofakes3.NewObjectList()
	err := b.bolt.View(func(tx *bolt.Tx) error {
		at := tx.Bucket([]byte(bucket))
		if at == nil {
			return gofakes3.BucketNotFound(bucket)
		}
		l := lister{list: list, prefix: prefix, page: page}
		c := at.Bucket(metaBucket).Cursor()
		k, v := c.Seek([]byte(max(prefix.Prefix, page.Marker)))
		for ; k != nil; k, v = c.Next() {
			if more, err := l.add(string(k), v); err != nil || !more {
				return err
			}
		}
		return nil
	})
	return list, err
}

type lister struct {
	list   *gofakes3.ObjectList
	prefix *gofakes3.Prefix
	page   gofakes3.ListBucketPage
	count  int64
	last   string // key that was listed or rolled up last
	rolled string // the common prefix that was listed last
}

// add takes the next key; more is false when the page is full and another key would follow.
func (l *lister) add(key string, data []byte) (more bool, err error) {
	var match gofakes3.PrefixMatch
	if l.page.HasMarker && key <= l.page.Marker || !l.prefix.Match(key, &match) {
		return true, nil
	}
	if match.CommonPrefix && match.MatchedPart == l.rolled {
		l.last = key // the marker must lead past all that the prefix stands for
		return true, nil
	}
	if l.page.MaxKeys > 0 && l.count == l.page.MaxKeys {
		l.list.IsTruncated, l.list.NextMarker = true, l.last
		return false, nil
	}
	l.count, l.last = l.count+1, key
	if match.CommonPrefix {
		l.rolled = match.MatchedPart
		l.list.AddPrefix(match.MatchedPart)
		return true, nil
	}
	var r record
	if err := json.Unmarshal(data, &r); err != nil {
		return false, fmt.Errorf("objects: %s: %w", key, err)
	}
	l.list.Add(&gofakes3.Content{Key: key, ETag: gofakes3.FormatETag(r.MD5), Size: r.Size, LastModified: gofakes3.NewContentTime(r.Modified), StorageClass: "STANDARD"})
	return true, nil
}
