package asl

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"time"
)

// memory is Objects in memory.
type memory struct {
	mu      sync.Mutex
	buckets map[string]bool
	objects map[[2]string][]byte
}

func newMemory(buckets ...string) *memory {
	m := &memory{buckets: map[string]bool{}, objects: map[[2]string][]byte{}}
	for _, name := range buckets {
		m.buckets[name] = true
	}
	return m
}

func (m *memory) put(bucket, key, body string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.objects[[2]string{bucket, key}] = []byte(body)
}

func (m *memory) get(bucket, key string) string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return string(m.objects[[2]string{bucket, key}])
}

func (m *memory) keys(bucket string) []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	var keys []string
	for name := range m.objects {
		if name[0] == bucket {
			keys = append(keys, name[1])
		}
	}
	slices.Sort(keys)
	return keys
}

func (m *memory) Open(_ context.Context, bucket, key string) (io.ReadCloser, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	body, ok := m.objects[[2]string{bucket, key}]
	if !ok {
		return nil, fmt.Errorf("no object %s/%s", bucket, key)
	}
	return io.NopCloser(bytes.NewReader(body)), nil
}

func (m *memory) List(_ context.Context, bucket, prefix string, each func(StoredObject) error) error {
	if !m.buckets[bucket] {
		return fmt.Errorf("no bucket %s", bucket)
	}
	for _, key := range m.keys(bucket) {
		if strings.HasPrefix(key, prefix) {
			if err := each(StoredObject{Key: key, ETag: `"etag"`, Size: int64(len(m.get(bucket, key))), Modified: time.Unix(1e9, 0)}); err != nil {
				return err
			}
		}
	}
	return nil
}

func (m *memory) Create(_ context.Context, bucket, key string) (io.WriteCloser, error) {
	if !m.buckets[bucket] {
		return nil, fmt.Errorf("no bucket %s", bucket)
	}
	return &memoryObject{memory: m, bucket: bucket, key: key}, nil
}

type memoryObject struct {
	bytes.Buffer
	*memory
	bucket, key string
}

func (o *memoryObject) Close() error {
	o.put(o.bucket, o.key, o.String())
	return nil
}

// mapRuns are MapRuns in memory.
type mapRuns struct {
	mu   sync.Mutex
	runs []*children // in the order of Begin
}

func (m *mapRuns) Begin(r MapRun) (Children, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, c := range m.runs {
		if c.ID == r.ID {
			c.again++
			return c, nil
		}
	}
	c := &children{MapRun: r, runs: m, ended: map[int]ChildResult{}}
	m.runs = append(m.runs, c)
	return c, nil
}

// children are the children of one of them.
type children struct {
	MapRun
	runs  *mapRuns
	again int // how often it was taken up again

	mu              sync.Mutex
	ended           map[int]ChildResult
	ran             []int // numbers, in the order of their starts
	open, peak      int   // at once
	items, expected int
	status          Status
	written         bool
}

func (c *children) ARN() string {
	return "arn:aws:states:us-east-1:111111111111:mapRun:machine-name/" + c.Label + ":" + c.ID
}

func (c *children) Expect(items, n int) { c.items, c.expected = items, n }

func (c *children) Run(ctx context.Context, child Child) (Status, error) {
	c.mu.Lock()
	if r, ok := c.ended[child.Number]; ok {
		c.mu.Unlock()
		return r.Status, nil
	}
	c.ran = append(c.ran, child.Number)
	c.open++
	c.peak = max(c.peak, c.open)
	c.mu.Unlock()
	x := Execution{
		ARN: fmt.Sprintf("arn:child:%d", child.Number), Name: fmt.Sprintf("child-%d", child.Number), MachineARN: "arn:machine/" + c.Label,
		MachineName: "machine/" + c.Label, Start: time.Now(), Input: child.Input, Express: c.Express, Recorder: &history{},
	}
	result, err := c.Processor.Run(ctx, x)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.open--
	if err != nil {
		return "", err
	}
	c.ended[child.Number] = ChildResult{
		Result: result, ARN: x.ARN, Name: x.Name, MachineARN: x.MachineARN, Input: child.Input, Start: x.Start, Stop: time.Now(),
	}
	return result.Status, nil
}

func (c *children) Each(fn func(ChildResult) error) error {
	for n := range c.expected {
		if r, ok := c.ended[n]; ok {
			if err := fn(r); err != nil {
				return err
			}
		}
	}
	return nil
}

func (c *children) End(status Status, written bool) error {
	c.status, c.written = status, written
	return nil
}

// statuses counts the children that have ended.
func (c *children) statuses() map[Status]int {
	n := map[Status]int{}
	for _, r := range c.ended {
		n[r.Status]++
	}
	return n
}
