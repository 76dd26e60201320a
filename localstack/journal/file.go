package journal

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"time"

	bolt "go.etcd.io/bbolt"
	bolterrors "go.etcd.io/bbolt/errors"
)

// ErrInUse says that another process has the file open.
var ErrInUse = errors.New("in use by another local stack")

// ErrDamaged says that a file is not whole: it was cut, overwritten or is no journal at all.
var ErrDamaged = errors.New("damaged")

// OpenFile opens or creates a bbolt file the way the local stack wants it: kill -9 safe, not flushed at every commit, locked
// against other processes, and walked once so that damage is an error now and not a crash later. The errors wrap ErrInUse or
// ErrDamaged, name the file, and say what to do.
func OpenFile(path string) (*bolt.DB, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return nil, fmt.Errorf("data folder: %w", err)
	}
	var db *bolt.DB
	err := guard(func() (err error) {
		db, err = bolt.Open(path, 0o600, &bolt.Options{
			Timeout:         200 * time.Millisecond, // for the lock
			NoSync:          true,
			NoGrowSync:      true,
			FreelistType:    bolt.FreelistMapType,
			InitialMmapSize: 64 << 20, // growing the map waits for readers; this postpones it
		})
		if err != nil {
			return err
		}
		return walk(db, path)
	})
	switch {
	case err == nil:
		return db, nil
	case errors.Is(err, bolterrors.ErrTimeout):
		return nil, fmt.Errorf("data folder %s is %w; stop it or set CIS_DATA_DIR to another folder", filepath.Dir(path), ErrInUse)
	case errors.Is(err, os.ErrPermission):
		return nil, fmt.Errorf("data folder: %w", err)
	}
	if db != nil {
		_ = guard(db.Close) // it is being given up: the damage is the error to tell
	}
	return nil, fmt.Errorf("%s is %w (%v); move it away or run make clean to begin anew", path, ErrDamaged, err)
}

// guard turns what bbolt does with damaged pages (a panic, or a fault while reading the mapped file) into an error.
func guard(fn func() error) (err error) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		switch r := recover().(type) {
		case nil:
		case runtime.Error: // the fault
			err = errors.New("its pages cannot be read")
		default:
			err = fmt.Errorf("%v", r)
		}
	}()
	return fn()
}

// walk visits every key, which reads every page but the inside of large values.
func walk(db *bolt.DB, path string) error {
	return db.View(func(tx *bolt.Tx) error {
		info, err := os.Stat(path)
		if err != nil {
			return err
		}
		if info.Size() < tx.Size() {
			return fmt.Errorf("%d bytes are missing at its end", tx.Size()-info.Size())
		}
		return tx.ForEach(func(_ []byte, b *bolt.Bucket) error { return visit(b) })
	})
}

func visit(b *bolt.Bucket) error {
	return b.ForEach(func(k, v []byte) error {
		if v == nil {
			if inner := b.Bucket(k); inner != nil {
				return visit(inner)
			}
		}
		return nil
	})
}
