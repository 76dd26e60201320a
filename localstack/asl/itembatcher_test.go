package asl

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
)

// pack packs items and returns the children.
func pack(p *packer, items []string) (all []Child, err error) {
	p.give = func(c Child) error {
		all = append(all, c)
		return nil
	}
	for _, item := range items {
		if err := p.add([]byte(item)); err != nil {
			return all, err
		}
	}
	return all, p.flush()
}

// Every item is in exactly one batch, in order, no batch is beyond its limits, and none could have taken one more.
func TestBatches(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for range 2000 {
		p := &packer{batches: true, items: random.Int64N(12), bytes: 40 + random.IntN(400), head: []byte(`{"Items":[`)}
		if random.IntN(2) == 0 {
			p.head = []byte(`{"BatchInput":{"a":1},"Items":[`)
		}
		limit, most := p.bytes, p.items
		items := make([]string, random.IntN(60))
		for i := range items {
			room := limit - len(p.head) - len(batchTail) - len(`"00"`)
			items[i] = fmt.Sprintf(`"%02d%s"`, i, strings.Repeat("x", random.IntN(min(30, room+1))))
		}
		children, err := pack(p, items)
		if err != nil {
			t.Fatal(err)
		}
		next := 0
		for n, c := range children {
			var input struct{ Items []json.RawMessage }
			if err := json.Unmarshal(c.Input, &input); err != nil {
				t.Fatalf("%s: %v", c.Input, err)
			}
			if c.Number != n || c.Items != len(input.Items) || c.Items == 0 || len(c.Input) > limit || most > 0 && int64(c.Items) > most {
				t.Fatalf("child %d with %d items in %d bytes; limits %d, %d", c.Number, c.Items, len(c.Input), most, limit)
			}
			for _, item := range input.Items {
				if string(item) != items[next] {
					t.Fatalf("item %d is %s, want %s", next, item, items[next])
				}
				next++
			}
			if full := int64(c.Items) == most; next < len(items) && !full && len(c.Input)+1+len(items[next]) <= limit {
				t.Fatalf("%d items in %d bytes had room for %s; limits %d, %d", c.Items, len(c.Input), items[next], most, limit)
			}
		}
		if next != len(items) {
			t.Fatalf("%d of %d items", next, len(items))
		}
	}
}

func TestItemsThatDoNotFit(t *testing.T) {
	for name, p := range map[string]*packer{
		"alone":           {bytes: 10},
		"in a batch":      {batches: true, bytes: 20, head: []byte(`{"Items":[`)},
		"with BatchInput": {batches: true, bytes: 40, head: []byte(`{"BatchInput":{"long":"xxxxx"},"Items":[`)},
		"behind another":  {batches: true, bytes: 20, head: []byte(`{"Items":[`)},
	} {
		items := []string{`"xxxxxxxxxxx"`}
		want := 0
		if name == "behind another" {
			items, want = append([]string{"1"}, items...), 1
		}
		children, err := pack(p, items)
		failure := asFailure(err)
		if failure.Name != ErrorDataLimitExceeded || len(children) > want {
			t.Errorf("%s: %d children, %v", name, len(children), err)
		}
	}
	if children, err := pack(&packer{bytes: 10}, []string{`"12345678"`, `1`}); err != nil || len(children) != 2 || string(children[0].Input) != `"12345678"` {
		t.Errorf("%v, %v", children, err)
	}
}
