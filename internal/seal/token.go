package seal

import (
	"encoding/base32"
	"strings"
)

// encoding writes tokens in characters that are the same after any change of case and need no escaping in a UID, a URL, an
// address or quoted-printable (RFC 4648 §6, lower case, no padding).
var encoding = base32.NewEncoding("abcdefghijklmnopqrstuvwxyz234567").WithPadding(base32.NoPadding)

// minPlaintext is the length to which short plaintexts are padded, with NULs. It makes every token at least minToken characters
// long, which no part of another system's identifier that consists of the token alphabet alone is.
const (
	minPlaintext = 16
	minToken     = 52 // of ivSize + minPlaintext octets
)

// maxToken bounds the work that a text from outside can cause. URLs that our own links make stay far below it.
const maxToken = 4096

// tokenLength is the number of characters of the token of a plaintext.
func tokenLength(plaintext int) int { return encoding.EncodedLen(ivSize + plaintext) }

// decodeToken decodes a text that has the shape of a token: long enough, of the alphabet in either case, and the one spelling
// of its octets (base32 leaves unused bits at the end; a token with any of them set is not one of ours).
func decodeToken(token string) ([]byte, bool) {
	if len(token) < minToken || len(token) > maxToken {
		return nil, false
	}
	token = asciiLower(token)
	sealed, err := encoding.DecodeString(token)
	if err != nil || encoding.EncodeToString(sealed) != token {
		return nil, false
	}
	return sealed, true
}

// asciiLower lower-cases the letters A to Z and nothing else: a Kelvin sign is not a k.
func asciiLower(s string) string {
	for i := range len(s) {
		if 'A' <= s[i] && s[i] <= 'Z' {
			lower := []byte(s)
			for j := i; j < len(lower); j++ {
				if 'A' <= lower[j] && lower[j] <= 'Z' {
					lower[j] += 'a' - 'A'
				}
			}
			return string(lower)
		}
	}
	return s
}

// foldAddress is the form in which addresses are sealed and compared: trimmed and lower-cased, as records hold them.
func foldAddress(address string) string { return strings.ToLower(strings.TrimSpace(address)) }
