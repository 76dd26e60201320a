package bulk

// bits is a set of row numbers: one bit for each number up to the greatest, which a list of 10 MiB cannot bring above that many lines.
type bits []uint64

const maxBit = 16 << 20

// set adds a number and reports whether it is new. Numbers that no list has are never in the set.
func (b *bits) set(n int) bool {
	if n < 0 || n > maxBit {
		return true
	}
	word, bit := n/64, uint64(1)<<(n%64)
	if word >= len(*b) {
		*b = append(*b, make([]uint64, word+1-len(*b))...)
	}
	isNew := (*b)[word]&bit == 0
	(*b)[word] |= bit
	return isNew
}
