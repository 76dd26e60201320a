// Package journal is the local stack's own durable state: JSON values by key, in buckets, in one file of the data folder.
//
// A value is on disk when the call that wrote it returns, in the sense that matters here: killing the process (kill -9) at any
// moment loses nothing that was answered and leaves the file whole. It is not flushed for a power cut, which would cost a
// thousand times as much.
package journal

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"strconv"

	bolt "go.etcd.io/bbolt"
)

// FileName is the journal's file in the data folder. While it is open no other process can open it: it is also the folder's lock.
const FileName = "journal.db"

// DB is an open journal. Its methods may be called from many goroutines at once.
type DB struct{ bolt *bolt.DB }

// Open opens or creates the journal in dir. Its errors are one line that a person can act on: the folder is in use by another
// process, or the file is damaged.
func Open(dir string) (*DB, error) {
	db, err := OpenFile(filepath.Join(dir, FileName))
	if err != nil {
		return nil, err
	}
	return &DB{db}, nil
}

// Close releases the file and the folder.
func (db *DB) Close() error { return db.bolt.Close() }

// Update runs fn in one transaction: either all of its writes last or none. A panic or an error in fn undoes them. fn must not
// call methods of DB or Bucket, which would wait for it for ever.
func (db *DB) Update(fn func(tx *Tx) error) error {
	return db.bolt.Update(func(tx *bolt.Tx) error { return fn(&Tx{tx}) })
}

// Bucket names a group of keys; it need not exist before.
func (db *DB) Bucket(name string) *Bucket { return &Bucket{db: db, name: name} }

// Tx is one transaction of Update.
type Tx struct{ tx *bolt.Tx }

// Put stores v, as JSON, under key.
func (tx *Tx) Put(bucket, key string, v any) error {
	b, err := tx.tx.CreateBucketIfNotExists([]byte(bucket))
	if err != nil {
		return fmt.Errorf("journal: bucket %s: %w", bucket, err)
	}
	return put(b, bucket, key, v)
}

// Get reads key into v and reports whether it was there; without it v is left alone.
func (tx *Tx) Get(bucket, key string, v any) (bool, error) {
	return get(tx.tx, bucket, key, v)
}

// Delete removes key; removing nothing is no error.
func (tx *Tx) Delete(bucket, key string) error {
	if b := tx.tx.Bucket([]byte(bucket)); b != nil {
		return b.Delete([]byte(key))
	}
	return nil
}

// Seq returns the bucket's next number: 1, 2, 3 … and never one of them twice, not even after Clear.
func (tx *Tx) Seq(bucket string) (uint64, error) {
	b, err := tx.tx.CreateBucketIfNotExists([]byte(bucket))
	if err != nil {
		return 0, fmt.Errorf("journal: bucket %s: %w", bucket, err)
	}
	return b.NextSequence()
}

// Append stores each value under the bucket's next number and returns the first number.
func (tx *Tx) Append(bucket string, values ...any) (first uint64, err error) {
	for i, v := range values {
		n, err := tx.Seq(bucket)
		if err != nil {
			return 0, err
		}
		if i == 0 {
			first = n
		}
		if err := tx.Put(bucket, SeqKey(n), v); err != nil {
			return 0, err
		}
	}
	return first, nil
}

// SeqKey is the key under which Append stores number n: sorting such keys sorts by number.
func SeqKey(n uint64) string { return fmt.Sprintf("%016x", n) }

// SeqOf is the number of a key made by SeqKey; ok is false for any other key.
func SeqOf(key string) (n uint64, ok bool) {
	n, err := strconv.ParseUint(key, 16, 64)
	return n, err == nil && len(key) == 16
}

func put(b *bolt.Bucket, bucket, key string, v any) error {
	data, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("journal: put %s %s: %w", bucket, key, err)
	}
	if err := b.Put([]byte(key), data); err != nil {
		return fmt.Errorf("journal: put %s %s: %w", bucket, key, err)
	}
	return nil
}

func get(tx *bolt.Tx, bucket, key string, v any) (bool, error) {
	b := tx.Bucket([]byte(bucket))
	if b == nil {
		return false, nil
	}
	data := b.Get([]byte(key))
	if data == nil {
		return false, nil
	}
	if err := json.Unmarshal(data, v); err != nil {
		return false, fmt.Errorf("journal: get %s %s: %w", bucket, key, err)
	}
	return true, nil
}
