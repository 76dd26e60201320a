package asl

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
)

// itemReader is ItemReader: where the items of a distributed Map are, and how they are written there.
// https://docs.aws.amazon.com/step-functions/latest/dg/input-output-itemreader.html
type itemReader struct {
	objects    Objects
	listing    bool // s3:listObjectsV2 instead of s3:getObject
	parameters *template
	format     string // CSV, JSON or JSONL
	delimiter  byte
	headers    []string // GIVEN ones; nil = the first row
	most       amount   // MaxItems
}

const (
	maxItem   = 8 << 20  // bytes of an item as it is read
	maxHeader = 10 << 10 // bytes of the headers of CSV
)

// items gives one item after the other to yield, which is asked for them only one at a time. An error of yield ends
// it and is returned. It may be called again and gives the same items.
type items func(yield func(item any) error) error

// listed are the items of an array.
func listed(list []any) items {
	return func(yield func(any) error) error {
		for _, item := range list {
			if err := yield(item); err != nil {
				return err
			}
		}
		return nil
	}
}

// items returns what the reader reads. Nothing is read yet.
func (r *itemReader) items(ctx context.Context, d data) (items, *Failure) {
	filled, failure := r.parameters.fill(d)
	if failure != nil {
		return nil, failure
	}
	parameters := filled.(*Object) // by the loader
	bucket, failure := textOf(parameters, "Bucket")
	if failure != nil {
		return nil, failure
	}
	most, failure := r.most.signed("MaxItemsPath", d)
	if failure != nil {
		return nil, failure
	}
	if most < 0 {
		return func(func(any) error) error { return readerFailed("field MaxItems must be positive") }, nil // of the Map Run, which has begun
	}
	var all items
	if r.listing {
		prefix := ""
		if _, given := parameters.Get("Prefix"); given {
			if prefix, failure = textOf(parameters, "Prefix"); failure != nil {
				return nil, failure
			}
		}
		all = r.list(ctx, bucket, prefix)
	} else {
		key, failure := textOf(parameters, "Key")
		if failure != nil {
			return nil, failure
		}
		all = r.read(ctx, bucket, key)
	}
	return atMost(all, most), nil
}

// textOf returns a member of computed Parameters that must be text.
func textOf(parameters *Object, name string) (string, *Failure) {
	s, ok := parameters.values[name].(string)
	if !ok || s == "" && name != "Prefix" {
		return "", runtimeError("The Parameters must contain '%s', a text", name)
	}
	return s, nil
}

// errEnough ends the reading of items.
var errEnough = errors.New("enough items")

// atMost cuts the items off after so many; 0 = never.
func atMost(all items, most int64) items {
	if most == 0 {
		return all
	}
	return func(yield func(any) error) error {
		n := int64(0)
		err := all(func(item any) error {
			if n == most {
				return errEnough
			}
			n++
			return yield(item)
		})
		if errors.Is(err, errEnough) {
			return nil
		}
		return err
	}
}

func readerFailed(format string, args ...any) *Failure {
	return &Failure{Name: ErrorItemReader, Cause: fmt.Sprintf(format, args...)}
}

func (r *itemReader) list(ctx context.Context, bucket, prefix string) items {
	return func(yield func(any) error) error {
		var refused error
		err := r.objects.List(ctx, bucket, prefix, func(o StoredObject) error {
			refused = yield(NewObject(
				"Etag", o.ETag, "Key", o.Key, "LastModified", number(o.Modified.Unix()), "Size", number(o.Size), "StorageClass", "STANDARD",
			))
			return refused
		})
		if refused == nil && err != nil {
			return readerFailed("%v", err)
		}
		return refused
	}
}

func (r *itemReader) read(ctx context.Context, bucket, key string) items {
	return func(yield func(any) error) error {
		in, err := r.objects.Open(ctx, bucket, key)
		if err != nil {
			return readerFailed("%v", err)
		}
		defer in.Close()
		return r.parse(in, yield)
	}
}

func (r *itemReader) parse(in io.Reader, yield func(any) error) error {
	switch r.format {
	case "CSV":
		return r.parseCSV(in, yield)
	case "JSON":
		return parseJSONArray(in, yield)
	}
	return parseJSONLines(in, yield)
}

const duplicateHeaders = "CSV headers cannot contain duplicates."

func hasDuplicates(headers []string) bool {
	sorted := slices.Sorted(slices.Values(headers))
	return len(slices.Compact(sorted)) < len(headers)
}

// parseCSV makes each row an object of texts. What a row has too few is empty, what it has too many is dropped.
func (r *itemReader) parseCSV(in io.Reader, yield func(any) error) error {
	rows := newCSVReader(in, r.delimiter)
	headers := r.headers
	if hasDuplicates(headers) {
		return readerFailed(duplicateHeaders)
	}
	for {
		fields, err := rows.row()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return readerFailed("The CSV file could not be read: %v", err)
		}
		if headers == nil {
			length := 0
			for _, name := range fields {
				length += len(name) + 1
			}
			if length > maxHeader {
				return readerFailed("The headers of the CSV file are longer than %d bytes.", maxHeader)
			}
			if headers = fields; hasDuplicates(headers) {
				return readerFailed(duplicateHeaders)
			}
			continue
		}
		item := NewObject()
		for i, name := range headers {
			value := ""
			if i < len(fields) {
				value = fields[i]
			}
			item.Set(name, value)
		}
		if err := yield(item); err != nil {
			return err
		}
	}
}

// parseJSONArray reads the elements of an array. AWS's newer documentation takes an object, too; a recording of 2023
// refuses it, in these words.
func parseJSONArray(in io.Reader, yield func(any) error) error {
	dec := json.NewDecoder(in)
	dec.UseNumber()
	token, err := dec.Token()
	if err != nil {
		return readerFailed("The JSON file could not be read: %v", err)
	}
	if token != json.Delim('[') {
		return readerFailed("Attempting to map over non-iterable node.")
	}
	for dec.More() {
		from := dec.InputOffset()
		item, err := parseValue(dec, 1)
		if err != nil {
			return readerFailed("The JSON file could not be read: %v", err)
		}
		if dec.InputOffset()-from > maxItem {
			return readerFailed("An item of the JSON file is longer than %d bytes.", maxItem)
		}
		if err := yield(item); err != nil {
			return err
		}
	}
	if _, err := dec.Token(); err != nil { // the closing bracket
		return readerFailed("The JSON file could not be read: %v", err)
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return readerFailed("The JSON file has text after its array.")
	}
	return nil
}

// parseJSONLines reads a value of each line that is not empty.
func parseJSONLines(in io.Reader, yield func(any) error) error {
	lines := bufio.NewScanner(in)
	lines.Buffer(make([]byte, 64<<10), maxItem)
	n := 0
	for lines.Scan() {
		if n++; len(lines.Bytes()) == 0 {
			continue
		}
		item, err := ParseJSON(lines.Bytes())
		if err != nil {
			return readerFailed("Line %d of the JSONL file could not be read: %v", n, err)
		}
		if err := yield(item); err != nil {
			return err
		}
	}
	if err := lines.Err(); err != nil {
		return readerFailed("Line %d of the JSONL file could not be read: %v", n+1, err)
	}
	return nil
}
