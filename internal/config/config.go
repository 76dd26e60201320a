// Package config reads the settings of spec §10 from the environment, once, and says what is wrong with all of them together,
// so that a step with a missing or bad setting stops at its start with a message that names it.
package config

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/mail"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// Lookup finds a setting by name; os.LookupEnv is one.
type Lookup func(name string) (value string, found bool)

// Reader reads settings and collects what is wrong with them. The zero value of a setting's type stands for a bad one until Err
// is asked.
type Reader struct {
	lookup Lookup
	errs   []error
}

// NewReader returns a Reader of the settings that lookup finds.
func NewReader(lookup Lookup) *Reader { return &Reader{lookup: lookup} }

// Err is everything that was wrong with the settings read so far, or nil.
func (r *Reader) Err() error { return errors.Join(r.errs...) }

func (r *Reader) fail(name, format string, args ...any) {
	err := fmt.Errorf("setting %s: %s", name, fmt.Sprintf(format, args...))
	if !slices.ContainsFunc(r.errs, func(e error) bool { return e.Error() == err.Error() }) {
		r.errs = append(r.errs, err)
	}
}

// Optional is the setting's value, or "" when it is missing.
func (r *Reader) Optional(name string) string {
	value, _ := r.lookup(name)
	return strings.TrimSpace(value)
}

// Text is the value of a setting that must not be empty.
func (r *Reader) Text(name string) string {
	value := r.Optional(name)
	if value == "" {
		r.fail(name, "is missing")
	}
	return value
}

// Count is a whole number of at least 0.
func (r *Reader) Count(name string) int {
	value := r.Text(name)
	if value == "" {
		return 0
	}
	n, err := strconv.Atoi(value)
	if err != nil || n < 0 {
		r.fail(name, "must be a whole number of at least 0, not %q", value)
		return 0
	}
	return n
}

// Choice is one of the allowed words.
func (r *Reader) Choice(name string, allowed ...string) string {
	value := r.Text(name)
	if value != "" && !slices.Contains(allowed, value) {
		r.fail(name, "must be one of %s, not %q", strings.Join(allowed, ", "), value)
	}
	return value
}

// Address is a bare mail address, lower-cased.
func (r *Reader) Address(name string) string {
	value := r.Text(name)
	if value == "" {
		return ""
	}
	parsed, err := mail.ParseAddress(value)
	if err != nil || parsed.Address != value {
		r.fail(name, "must be a mail address, not %q", value)
	}
	return strings.ToLower(value)
}

// URL is an absolute http or https URL without a trailing slash.
func (r *Reader) URL(name string) string {
	value := r.Text(name)
	if value == "" {
		return ""
	}
	parsed, err := url.Parse(value)
	if err != nil || parsed.Host == "" || (parsed.Scheme != "https" && parsed.Scheme != "http") {
		r.fail(name, "must be an http or https URL, not %q", value)
	}
	return strings.TrimSuffix(value, "/")
}

// List is a comma-separated list; empty entries are dropped, and the list may be empty.
func (r *Reader) List(name string) []string {
	var list []string
	for entry := range strings.SplitSeq(r.Optional(name), ",") {
		if entry = strings.TrimSpace(entry); entry != "" {
			list = append(list, strings.ToLower(entry))
		}
	}
	return list
}

// JSON decodes the setting's value, a JSON text, into out.
func (r *Reader) JSON(name string, out any) {
	value := r.Text(name)
	if value == "" {
		return
	}
	if err := json.Unmarshal([]byte(value), out); err != nil {
		r.fail(name, "must be JSON: %v", err)
	}
}
