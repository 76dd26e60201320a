package asl

import "bytes"

// itemBatcher is ItemBatcher: how many items a child gets at once.
// https://docs.aws.amazon.com/step-functions/latest/dg/input-output-itembatcher.html
type itemBatcher struct {
	items, bytes amount
	input        *template // BatchInput
}

// packer makes the children of a Map Run out of its items, in order: one of each item, or of each batch. It holds no
// more than the batch that it is filling.
type packer struct {
	batches bool
	items   int64  // the most items in a batch; 0 = any number
	bytes   int    // the longest input
	head    []byte // what a batch's input begins with, before the items

	give func(Child) error

	batch  bytes.Buffer
	inside int // items in the batch
	number int // of the next child
}

const batchTail = "]}"

// packer returns a packer for the state's input. b may be nil: then each item is a child's input.
func (b *itemBatcher) packer(d data, give func(Child) error) (*packer, *Failure) {
	if b == nil {
		return &packer{bytes: maxData, give: give}, nil
	}
	p := &packer{batches: true, bytes: maxData, give: give}
	var failure *Failure
	if p.items, failure = b.items.integer("MaxItemsPerBatchPath", "MaxItemsPerBatch", d); failure != nil {
		return nil, failure
	}
	most, failure := b.bytes.integer("MaxInputBytesPerBatchPath", "MaxInputBytesPerBatch", d)
	if failure != nil {
		return nil, failure
	}
	if most > 0 {
		p.bytes = int(min(most, maxData))
	}
	p.head = []byte(`{"Items":[`)
	if b.input != nil {
		input, failure := b.input.fill(d)
		if failure != nil {
			return nil, failure
		}
		p.head = append(append([]byte(`{"BatchInput":`), JSON(input)...), `,"Items":[`...)
	}
	return p, nil
}

// add puts the next item, JSON, where it belongs.
func (p *packer) add(item []byte) error {
	if !p.batches {
		if len(item) > p.bytes {
			return tooLong(p.bytes)
		}
		return p.child(item, 1)
	}
	if p.inside > 0 && (int64(p.inside) == p.items || p.batch.Len()+1+len(item)+len(batchTail) > p.bytes) {
		if err := p.flush(); err != nil {
			return err
		}
	}
	if p.inside == 0 {
		if len(p.head)+len(item)+len(batchTail) > p.bytes {
			return tooLong(p.bytes)
		}
		p.batch.Write(p.head)
	} else {
		p.batch.WriteByte(',')
	}
	p.batch.Write(item)
	p.inside++
	return nil
}

// flush gives away the batch that is not full yet. It must follow the last item.
func (p *packer) flush() error {
	if p.inside == 0 {
		return nil
	}
	p.batch.WriteString(batchTail)
	input, n := bytes.Clone(p.batch.Bytes()), p.inside
	p.batch.Reset()
	p.inside = 0
	return p.child(input, n)
}

func (p *packer) child(input []byte, n int) error {
	c := Child{Number: p.number, Items: n, Input: input}
	p.number++
	return p.give(c)
}

// tooLong is the failure of an item that does not fit into a child's input alone.
func tooLong(most int) *Failure {
	f := runtimeError("An item is too long for the input of a child execution, which has at most %d bytes.", most)
	f.Name, f.fatal = ErrorDataLimitExceeded, false
	return f
}
