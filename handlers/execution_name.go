package handlers

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
)

// executionName names an execution after what it is about, so that a repeat starts nothing: at most 80 characters, of which some are
// not allowed, so it is a hash (Step Functions quotas).
func executionName(what string, key ...string) string {
	sum := sha256.Sum256([]byte(strings.Join(key, "\x00")))
	return what + "-" + hex.EncodeToString(sum[:20])
}
