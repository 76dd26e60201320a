package journal

import (
	"bytes"
	"encoding/json"
	"fmt"

	bolt "go.etcd.io/bbolt"
)

// Bucket is a group of keys. Each method is one transaction of its own.
type Bucket struct {
	db   *DB
	name string
}

// Name is the bucket's name.
func (b *Bucket) Name() string { return b.name }

// Put stores v, as JSON, under key.
func (b *Bucket) Put(key string, v any) error {
	return b.db.Update(func(tx *Tx) error { return tx.Put(b.name, key, v) })
}

// Get reads key into v and reports whether it was there; without it v is left alone.
func (b *Bucket) Get(key string, v any) (found bool, err error) {
	err = b.db.bolt.View(func(tx *bolt.Tx) error {
		found, err = get(tx, b.name, key, v)
		return err
	})
	return found, err
}

// Delete removes key; removing nothing is no error.
func (b *Bucket) Delete(key string) error {
	return b.db.Update(func(tx *Tx) error { return tx.Delete(b.name, key) })
}

// Seq returns the bucket's next number: 1, 2, 3 … and never one of them twice, not even after Clear.
func (b *Bucket) Seq() (n uint64, err error) {
	err = b.db.Update(func(tx *Tx) error {
		n, err = tx.Seq(b.name)
		return err
	})
	return n, err
}

// Append stores each value under the bucket's next number, all in one transaction, and returns the first number.
func (b *Bucket) Append(values ...any) (first uint64, err error) {
	err = b.db.Update(func(tx *Tx) error {
		first, err = tx.Append(b.name, values...)
		return err
	})
	return first, err
}

// Clear removes every key. The numbers of Seq go on where they were.
func (b *Bucket) Clear() error {
	return b.db.bolt.Update(func(tx *bolt.Tx) error {
		old := tx.Bucket([]byte(b.name))
		if old == nil {
			return nil
		}
		seq := old.Sequence()
		if err := tx.DeleteBucket([]byte(b.name)); err != nil {
			return err
		}
		fresh, err := tx.CreateBucket([]byte(b.name))
		if err != nil {
			return err
		}
		return fresh.SetSequence(seq)
	})
}

// Len counts the keys.
func (b *Bucket) Len() (n int) {
	_ = b.db.bolt.View(func(tx *bolt.Tx) error { // a View that returns nil cannot fail
		if bucket := tx.Bucket([]byte(b.name)); bucket != nil {
			n = bucket.Stats().KeyN
		}
		return nil
	})
	return n
}

// ForEach calls fn for every key that begins with prefix, in order of the keys, with the value's JSON. fn may keep raw, and may
// write to the journal: keys that appear behind the current one meanwhile are seen. An error of fn ends the walk and is returned.
func (b *Bucket) ForEach(prefix string, fn func(key string, raw json.RawMessage) error) error {
	type entry struct {
		key string
		raw json.RawMessage
	}
	after := []byte(prefix)
	for {
		var page []entry // a page at a time, so that no transaction is open while fn runs
		err := b.db.bolt.View(func(tx *bolt.Tx) error {
			bucket := tx.Bucket([]byte(b.name))
			if bucket == nil {
				return nil
			}
			c := bucket.Cursor()
			for k, v := c.Seek(after); k != nil && bytes.HasPrefix(k, []byte(prefix)) && len(page) < 256; k, v = c.Next() {
				page = append(page, entry{string(k), bytes.Clone(v)})
			}
			return nil
		})
		if err != nil {
			return fmt.Errorf("journal: read %s: %w", b.name, err)
		}
		for _, e := range page {
			if err := fn(e.key, e.raw); err != nil {
				return err
			}
		}
		if len(page) < 256 {
			return nil
		}
		after = append([]byte(page[len(page)-1].key), 0)
	}
}

// Each is ForEach with the value decoded.
func Each[T any](b *Bucket, prefix string, fn func(key string, value T) error) error {
	return b.ForEach(prefix, func(key string, raw json.RawMessage) error {
		var value T
		if err := json.Unmarshal(raw, &value); err != nil {
			return fmt.Errorf("journal: read %s %s: %w", b.name, key, err)
		}
		return fn(key, value)
	})
}
