// Package seal makes and opens sealed tokens: short texts that carry an address or a permission, that nobody can make or change
// without the key, and that need no look-up to open. A token is deterministic authenticated encryption (SIV, after RFC 5297: the
// IV is a MAC of what is sealed, so the same input gives the same token and a repeated nonce cannot happen), written in lower-case
// unpadded base32, so that it survives calendars and mail systems that change case.
package seal

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"sync"
)

// MinSecret is the least number of octets of a plain secret; a key of a JSON secret needs MinKey.
const (
	MinSecret = 16
	MinKey    = 32
)

// ErrNoToken says that a text does not have the shape of a token: another system made it.
var ErrNoToken = errors.New("seal: no token")

// ErrForged says that a text has the shape of a token, but none of the keys sealed it for this purpose.
var ErrForged = errors.New("seal: token was not sealed with these keys")

// Keys holds the key that seals and the earlier keys that still open. It is safe for use by several goroutines.
type Keys struct {
	keys []*key // the first seals; all open
}

// key is one secret, expanded into independent keys for the two halves of SIV.
type key struct {
	benches sync.Pool // of *bench under the MAC key
	block   cipher.Block
}

// bench is what one sealing or opening works with, kept for the next one.
type bench struct {
	mac       hash.Hash // HMAC-SHA256
	prefix    []byte    // what is authenticated before the plaintext
	plaintext []byte
	sealed    []byte
	sum       []byte
}

// ParseKeys reads the value of the secret LINK_SIGNING_SECRET: either JSON,
//
//	{"current": "<base64 of 32 or more octets>", "previous": ["<base64>", ...]}
//
// where the current key seals and all keys open, or any plain text of 16 octets or more, which is the only key. Errors never
// contain any of the secret.
func ParseKeys(secret []byte) (*Keys, error) {
	secret = bytes.TrimSpace(secret)
	if len(secret) == 0 || secret[0] != '{' {
		if len(secret) < MinSecret {
			return nil, fmt.Errorf("seal: the secret has %d octets, needs %d", len(secret), MinSecret)
		}
		return newKeys(secret)
	}
	var rotation struct {
		Current  string   `json:"current"`
		Previous []string `json:"previous"`
	}
	if err := json.Unmarshal(secret, &rotation); err != nil {
		return nil, errors.New("seal: the secret is not valid JSON")
	}
	var secrets [][]byte
	for i, text := range append([]string{rotation.Current}, rotation.Previous...) {
		decoded, err := decodeBase64(text)
		if err != nil || len(decoded) < MinKey {
			return nil, fmt.Errorf("seal: key %d of the secret (0 is current) is not base64 of %d or more octets", i, MinKey)
		}
		secrets = append(secrets, decoded)
	}
	return newKeys(secrets...)
}

// decodeBase64 takes standard and URL-safe base64, padded or not.
func decodeBase64(text string) ([]byte, error) {
	raw := bytes.TrimRight([]byte(text), "=")
	for i, c := range raw {
		switch c {
		case '-':
			raw[i] = '+'
		case '_':
			raw[i] = '/'
		}
	}
	return base64.RawStdEncoding.DecodeString(string(raw))
}

func newKeys(secrets ...[]byte) (*Keys, error) {
	keys := &Keys{}
	for _, secret := range secrets {
		k, err := newKey(secret)
		if err != nil {
			return nil, err
		}
		keys.keys = append(keys.keys, k)
	}
	return keys, nil
}

// newKey expands a secret with HKDF (RFC 5869), so that the MAC and the cipher never share a key.
func newKey(secret []byte) (*key, error) {
	expanded, err := hkdf.Key(sha256.New, secret, nil, "calendar invite server token", 64)
	if err != nil {
		return nil, fmt.Errorf("seal: expanding the secret: %w", err)
	}
	block, err := aes.NewCipher(expanded[32:])
	if err != nil {
		return nil, fmt.Errorf("seal: making the cipher: %w", err)
	}
	mac := expanded[:32]
	return &key{block: block, benches: sync.Pool{New: func() any { return &bench{mac: hmac.New(sha256.New, mac)} }}}, nil
}

// ivSize is both the length of SIV's authenticator and the AES block length.
const ivSize = aes.BlockSize

// synthesise computes the IV of b.plaintext: a MAC over the purpose, the associated data and the plaintext, each with its length,
// so that no two different triples read the same.
func (b *bench) synthesise(purpose Purpose, associated string) []byte {
	b.prefix = appendString(appendString(b.prefix[:0], string(purpose)), associated)
	b.mac.Reset()
	b.mac.Write(b.prefix)
	b.mac.Write(b.plaintext)
	b.sum = b.mac.Sum(b.sum[:0])
	return b.sum[:ivSize]
}

// appendSealed appends the token, under the current key, of the plaintext that write appends.
func (k *Keys) appendSealed(dst []byte, purpose Purpose, associated string, write func([]byte) []byte) []byte {
	current := k.keys[0]
	b := current.benches.Get().(*bench)
	defer current.benches.Put(b)
	b.plaintext = write(b.plaintext[:0])
	iv := b.synthesise(purpose, associated)
	b.sealed = append(append(b.sealed[:0], iv...), b.plaintext...)
	cipher.NewCTR(current.block, iv).XORKeyStream(b.sealed[ivSize:], b.plaintext)
	return encoding.AppendEncode(dst, b.sealed)
}

// open returns what a token seals, under whichever key sealed it.
func (k *Keys) open(purpose Purpose, associated, token string) ([]byte, error) {
	sealed, ok := decodeToken(token)
	if !ok {
		return nil, ErrNoToken
	}
	for _, candidate := range k.keys {
		if plaintext, ok := candidate.open(purpose, associated, sealed); ok {
			return plaintext, nil
		}
	}
	return nil, ErrForged
}

func (k *key) open(purpose Purpose, associated string, sealed []byte) ([]byte, bool) {
	b := k.benches.Get().(*bench)
	defer k.benches.Put(b)
	b.plaintext = append(b.plaintext[:0], sealed[ivSize:]...)
	cipher.NewCTR(k.block, sealed[:ivSize]).XORKeyStream(b.plaintext, b.plaintext)
	if !hmac.Equal(b.synthesise(purpose, associated), sealed[:ivSize]) {
		return nil, false
	}
	return bytes.Clone(b.plaintext), true
}

// appendString appends a text with its length before it.
func appendString(dst []byte, s string) []byte {
	return append(binary.AppendUvarint(dst, uint64(len(s))), s...)
}

// cutString takes a text with its length before it off the front.
func cutString(data []byte) (s string, rest []byte, ok bool) {
	length, n := binary.Uvarint(data)
	if n <= 0 || length > uint64(len(data)-n) {
		return "", nil, false
	}
	return string(data[n : n+int(length)]), data[n+int(length):], true
}
