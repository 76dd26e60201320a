package asl

import (
	"cmp"
	"crypto/md5"  //nolint:gosec // States.Hash offers it
	"crypto/sha1" //nolint:gosec // States.Hash offers it
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"hash"
	"math"
	"slices"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// intrinsic is an intrinsic function. It reports false for arguments it does not take.
type intrinsic func(args []any, d data) (any, bool)

// intrinsics are the functions and how many arguments each takes.
var intrinsics = map[string]struct {
	least, most int
	do          intrinsic
}{
	"States.Array":          {0, math.MaxInt, array},
	"States.ArrayContains":  {2, 2, arrayContains},
	"States.ArrayGetItem":   {2, 2, arrayGetItem},
	"States.ArrayLength":    {1, 1, arrayLength},
	"States.ArrayPartition": {2, 2, arrayPartition},
	"States.ArrayRange":     {3, 3, arrayRange},
	"States.ArrayUnique":    {1, 1, arrayUnique},
	"States.Base64Decode":   {1, 1, base64Decode},
	"States.Base64Encode":   {1, 1, base64Encode},
	"States.Format":         {1, math.MaxInt, format},
	"States.Hash":           {2, 2, hashOf},
	"States.JsonMerge":      {3, 3, jsonMerge},
	"States.JsonToString":   {1, 1, jsonToString},
	"States.MathAdd":        {2, 2, mathAdd},
	"States.MathRandom":     {2, 3, mathRandom},
	"States.StringSplit":    {2, 2, stringSplit},
	"States.StringToJson":   {1, 1, stringToJSON},
	"States.UUID":           {0, 0, uuid},
}

const (
	maxRange = 1000   // elements of States.ArrayRange
	maxText  = 10_000 // characters of Hash and Base64
)

func array(args []any, _ data) (any, bool) { return args, true }

// arrayContains compares as AWS does: the texts of the values, in which "1" and 1 are alike and 1 and 1.0 are not.
func arrayContains(args []any, _ data) (any, bool) {
	list, ok := args[0].([]any)
	return ok && slices.ContainsFunc(list, func(e any) bool { return plain(e) == plain(args[1]) }), ok
}

// same compares as AWS's JSON library does, to which 1 and 1.0 are different values.
func same(a, b any) bool {
	_, a1 := integer(a)
	_, b1 := integer(b)
	return a1 == b1 && equal(a, b)
}

func arrayGetItem(args []any, _ data) (any, bool) {
	list, okList := args[0].([]any)
	i, okIndex := truncated(args[1])
	if !okList || !okIndex || i < 0 || i >= int64(len(list)) {
		return nil, false
	}
	return list[i], true
}

func arrayLength(args []any, _ data) (any, bool) {
	list, ok := args[0].([]any)
	return number(int64(len(list))), ok
}

func arrayPartition(args []any, _ data) (any, bool) {
	list, okList := args[0].([]any)
	size, okSize := truncated(args[1])
	if !okList || !okSize || size < 1 {
		return nil, false
	}
	chunks := []any{}
	for len(list) > 0 {
		n := min(size, int64(len(list)))
		chunks = append(chunks, list[:n:n])
		list = list[n:]
	}
	return chunks, true
}

func arrayRange(args []any, _ data) (any, bool) {
	first, ok1 := truncated(args[0])
	last, ok2 := truncated(args[1])
	step, ok3 := truncated(args[2])
	if !ok1 || !ok2 || !ok3 || step == 0 {
		return nil, false
	}
	list := []any{}
	for n := first; (step > 0 && n <= last) || (step < 0 && n >= last); n += step {
		if len(list) == maxRange {
			return nil, false
		}
		list = append(list, number(n))
	}
	return list, true
}

// arrayUnique leaves the values in the order of a java.util.HashSet, as AWS does.
func arrayUnique(args []any, _ data) (any, bool) {
	list, ok := args[0].([]any)
	unique := []any{}
	for _, e := range list {
		if !slices.ContainsFunc(unique, func(u any) bool { return same(u, e) }) {
			unique = append(unique, e)
		}
	}
	buckets := uint32(16)
	for float64(buckets) < float64(len(list))/0.75+1 {
		buckets *= 2
	}
	bucket := func(v any) uint32 {
		h := uint32(javaHash(v))
		return (h ^ h>>16) & (buckets - 1)
	}
	slices.SortStableFunc(unique, func(a, b any) int { return cmp.Compare(bucket(a), bucket(b)) })
	return unique, ok
}

// javaHash is the hashCode of the value, as Java's collections, strings and numbers define it.
func javaHash(v any) (h int32) {
	switch v := v.(type) {
	case nil:
		return 0
	case bool:
		if v {
			return 1231
		}
		return 1237
	case string:
		for _, unit := range utf16.Encode([]rune(v)) {
			h = 31*h + int32(unit)
		}
	case []any:
		h = 1
		for _, e := range v {
			h = 31*h + javaHash(e)
		}
	case *Object:
		for _, key := range v.keys {
			h += javaHash(key) ^ javaHash(v.values[key])
		}
	default:
		n, isInteger := integer(v)
		if isInteger && n == int64(int32(n)) {
			return int32(n)
		}
		if !isInteger {
			f, _ := float(v)
			n = int64(math.Float64bits(f))
		}
		h = int32(uint64(n) ^ uint64(n)>>32)
	}
	return h
}

func base64Decode(args []any, _ data) (any, bool) {
	s, ok := args[0].(string)
	if !ok || utf8.RuneCountInString(s) > maxText {
		return nil, false
	}
	b, err := base64.RawStdEncoding.DecodeString(strings.TrimRight(s, "="))
	return string(b), err == nil && utf8.Valid(b)
}

func base64Encode(args []any, _ data) (any, bool) {
	s, ok := args[0].(string)
	return base64.StdEncoding.EncodeToString([]byte(s)), ok && utf8.RuneCountInString(s) <= maxText
}

// format fills the {} of a template. Strings stand as they are, objects as Java writes a map.
func format(args []any, _ data) (any, bool) {
	template, ok := args[0].(string)
	values := args[1:]
	var b strings.Builder
	for i := 0; i < len(template); i++ {
		switch c := template[i]; {
		case c == '\\' && i+1 < len(template):
			i++
			b.WriteByte(template[i])
		case c == '{':
			if i+1 == len(template) || template[i+1] != '}' || len(values) == 0 {
				return nil, false
			}
			i++
			writeJava(&b, values[0])
			values = values[1:]
		default:
			b.WriteByte(c)
		}
	}
	return b.String(), ok && len(values) == 0
}

func writeJava(b *strings.Builder, v any) {
	switch v := v.(type) {
	case string:
		b.WriteString(v)
	case []any:
		b.WriteByte('[')
		for i, e := range v {
			if i > 0 {
				b.WriteString(", ")
			}
			writeJava(b, e)
		}
		b.WriteByte(']')
	case *Object:
		b.WriteByte('{')
		for i, k := range v.keys {
			if i > 0 {
				b.WriteString(", ")
			}
			b.WriteString(k)
			b.WriteByte('=')
			writeJava(b, v.values[k])
		}
		b.WriteByte('}')
	default:
		b.Write(JSON(v))
	}
}

var hashes = map[string]func() hash.Hash{
	"MD5": md5.New, "SHA-1": sha1.New, "SHA-256": sha256.New, "SHA-384": sha512.New384, "SHA-512": sha512.New,
}

func hashOf(args []any, _ data) (any, bool) {
	s, okText := args[0].(string)
	name, okName := args[1].(string)
	newHash, known := hashes[name]
	if !okText || !okName || !known || utf8.RuneCountInString(s) > maxText {
		return nil, false
	}
	h := newHash()
	h.Write([]byte(s))
	return hex.EncodeToString(h.Sum(nil)), true
}

// jsonMerge merges the top members only; AWS has no deep merge.
func jsonMerge(args []any, _ data) (any, bool) {
	first, ok1 := args[0].(*Object)
	second, ok2 := args[1].(*Object)
	if deep, ok3 := args[2].(bool); !ok1 || !ok2 || !ok3 || deep {
		return nil, false
	}
	merged := first.clone()
	for _, k := range second.keys {
		merged.Set(k, second.values[k])
	}
	return merged, true
}

func jsonToString(args []any, _ data) (any, bool) { return string(JSON(args[0])), true }

func stringToJSON(args []any, _ data) (any, bool) {
	s, ok := args[0].(string)
	switch s = strings.TrimSpace(s); {
	case !ok:
		return nil, false
	case s == "":
		return nil, true
	case s == "-0":
		return json.Number("0"), true
	}
	v, err := ParseJSON([]byte(s))
	return v, err == nil
}

// stringSplit takes every character of the second argument as a separator and drops empty parts.
func stringSplit(args []any, _ data) (any, bool) {
	s, okText := args[0].(string)
	separators, okSeparators := args[1].(string)
	parts := []any{}
	for part := range strings.FieldsFuncSeq(s, func(r rune) bool { return strings.ContainsRune(separators, r) }) {
		parts = append(parts, part)
	}
	return parts, okText && okSeparators
}

// mathAdd rounds its arguments, halves upwards, and adds 32-bit integers.
func mathAdd(args []any, _ data) (any, bool) {
	a, ok1 := rounded(args[0])
	b, ok2 := rounded(args[1])
	return number(a + b), ok1 && ok2 && int64(int32(a+b)) == a+b
}

// mathRandom returns an integer from the first argument up to but not including the second. With a seed the
// sequence is that of java.util.Random, which AWS documents by its properties only.
func mathRandom(args []any, d data) (any, bool) {
	first, ok1 := truncated(args[0])
	end, ok2 := truncated(args[1])
	if !ok1 || !ok2 || first >= end {
		return nil, false
	}
	if len(args) == 2 {
		return number(first + int64(d.random.float64()*float64(end-first))), true
	}
	seed, ok := truncated(args[2])
	if !ok || end-first > math.MaxInt32 {
		return nil, false
	}
	return number(first + javaRandom(seed, end-first)), true
}

func uuid(_ []any, d data) (any, bool) { return d.random.uuid(), true }

// rounded returns a number rounded to an integer of 32 bits, halves upwards.
func rounded(v any) (int64, bool) {
	f, ok := float(v)
	f = math.Floor(f + 0.5)
	return int64(f), ok && math.Abs(f) <= math.MaxInt32+1
}

// truncated returns a number without its fraction, as an integer of 32 bits.
func truncated(v any) (int64, bool) {
	f, ok := float(v)
	f = math.Trunc(f)
	return int64(f), ok && math.Abs(f) <= math.MaxInt32+1
}
