package seal

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"strings"
)

// MaxUID is the most octets that a UID which an invitation carries may have (field rule 19).
const MaxUID = 255

// Invitation is what the UID of an outgoing invitation says: the event, and whom it was sent to.
type Invitation struct {
	UID        string // the event's uid, lower-cased; at most 90 octets, so that the whole stays within MaxUID for any domain of 100
	Email      string // the invited address, lower-cased; empty when it was too long to fit and only Hash is known
	Hash       string // hexadecimal hash of the address, only when Email is empty
	Generation int    // counts invitations of the same address to the same event; an update keeps it
}

// Matches reports whether the invitation was sent to the address.
func (i Invitation) Matches(email string) bool {
	if i.Email != "" {
		return foldAddress(i.Email) == foldAddress(email)
	}
	return i.Hash != "" && i.Hash == hashAddress(email)
}

// The forms of a sealed invitation, its first octet.
const (
	withAddress byte = 1
	withHash    byte = 2
)

// hashSize is how much of SHA-256 stands for an address: enough that nobody finds two addresses of one hash. It needs no key of
// its own, because it is only ever seen encrypted.
const hashSize = 20

// UID returns "<uid>-<token>@domain": the UID of the invitation in the recipient's calendar (spec §4). It is lower-case, at most
// MaxUID octets, and the same every time.
func (k *Keys) UID(i Invitation, domain string) string {
	return string(k.AppendUID(nil, i, domain))
}

// AppendUID appends what UID returns.
func (k *Keys) AppendUID(dst []byte, i Invitation, domain string) []byte {
	uid := asciiLower(i.UID)
	room := MaxUID - len(uid) - len("-@") - len(domain)
	dst = append(append(dst, uid...), '-')
	dst = k.appendSealed(dst, purposeUID, uid, func(plain []byte) []byte { return i.appendPlaintext(plain, room) })
	return append(append(dst, '@'), domain...)
}

// appendPlaintext writes what is sealed. The address itself goes in if its token has at most room characters, else its hash.
func (i Invitation) appendPlaintext(dst []byte, room int) []byte {
	email := foldAddress(i.Email)
	plain := binary.AppendUvarint(append(dst, withAddress), uint64(i.Generation))
	fits := tokenLength(len(plain)+len(email)) <= room
	if fits && email != "" && strings.IndexByte(email, 0) < 0 {
		plain = append(plain, email...)
		for len(plain) < minPlaintext {
			plain = append(plain, 0)
		}
		return plain
	}
	hash := i.Hash
	if email != "" {
		hash = hashAddress(email)
	}
	plain = binary.AppendUvarint(append(dst, withHash), uint64(i.Generation))
	decoded, err := hex.DecodeString(hash)
	if err != nil || len(decoded) != hashSize {
		decoded = make([]byte, hashSize) // nobody's
	}
	return append(plain, decoded...)
}

// OpenUID reads the UID of an invitation of ours, in whatever case a calendar gives it back, with or without its domain. It
// returns ErrNoToken for a UID that another system made and ErrForged for one that imitates ours.
func (k *Keys) OpenUID(uid string) (Invitation, error) {
	local := strings.TrimSpace(uid)
	if at := strings.LastIndexByte(local, '@'); at >= 0 {
		local = local[:at]
	}
	dash := strings.LastIndexByte(local, '-')
	if dash <= 0 {
		return Invitation{}, ErrNoToken
	}
	event := asciiLower(local[:dash])
	plain, err := k.open(purposeUID, event, local[dash+1:])
	if err != nil {
		return Invitation{}, err
	}
	form := plain[0]
	generation, n := binary.Uvarint(plain[1:])
	if n <= 0 {
		return Invitation{}, ErrForged
	}
	opened := Invitation{UID: event, Generation: int(generation)}
	switch rest := plain[1+n:]; form {
	case withAddress:
		opened.Email = string(bytes.TrimRight(rest, "\x00"))
	case withHash:
		opened.Hash = hex.EncodeToString(rest)
	default:
		return Invitation{}, ErrForged
	}
	return opened, nil
}

func hashAddress(email string) string {
	sum := sha256.Sum256([]byte(foldAddress(email)))
	return hex.EncodeToString(sum[:hashSize])
}
