package seal_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/calendarinvite/calendarinviteserver/internal/seal"
)

// FuzzOpenUID: no text makes OpenUID panic, and what opens seals again to the same token.
func FuzzOpenUID(f *testing.F) {
	keys := mustKeys(f, secret)
	f.Add(keys.UID(seal.Invitation{UID: uid, Email: "ada@example.org"}, "example.net"))
	f.Add(strings.ToUpper(keys.UID(seal.Invitation{UID: uid, Email: "a@b", Generation: 300}, "cis.localhost")))
	f.Add(keys.UID(seal.Invitation{UID: uid, Email: strings.Repeat("a", 240) + "@example.org"}, "example.net"))
	f.Add("040000008200E00074C5B7101A82E008-x@")
	f.Add("a-" + strings.Repeat("a", 52))
	f.Fuzz(func(t *testing.T, given string) {
		opened, err := keys.OpenUID(given)
		if err != nil {
			if !errors.Is(err, seal.ErrNoToken) && !errors.Is(err, seal.ErrForged) {
				t.Fatalf("unnamed error: %v", err)
			}
			return
		}
		local, _, _ := strings.Cut(strings.ToLower(strings.TrimSpace(given)), "@")
		token := local[strings.LastIndexByte(local, '-')+1:]
		sealed := keys.UID(opened, "x")
		if opened.Email != "" && !strings.Contains(sealed, "-"+token+"@") {
			t.Fatalf("%q opens as %+v, which seals as %q", given, opened, sealed)
		}
	})
}

// FuzzOpenLink: no text makes OpenLink panic, and what opens seals again to the same token.
func FuzzOpenLink(f *testing.F) {
	keys := mustKeys(f, secret)
	f.Add(keys.Link(seal.Link{Purpose: seal.RSVP, UID: uid, Email: "ada@example.org", Expires: 1 << 33}))
	f.Add(keys.Link(seal.Link{Purpose: seal.Unsubscribe, Email: "ada@example.org", Extra: "grace@example.com"}))
	f.Add(keys.Link(seal.Link{Purpose: seal.Page}))
	f.Add(strings.Repeat("a", 52))
	f.Fuzz(func(t *testing.T, given string) {
		for _, purpose := range []seal.Purpose{seal.RSVP, seal.Unsubscribe, seal.Page, ""} {
			opened, err := keys.OpenLink(purpose, given)
			if err != nil {
				if !errors.Is(err, seal.ErrNoToken) && !errors.Is(err, seal.ErrForged) {
					t.Fatalf("unnamed error: %v", err)
				}
				continue
			}
			if again := keys.Link(opened); again != strings.ToLower(given) {
				t.Fatalf("%q opens as %+v, which seals as %q", given, opened, again)
			}
		}
	})
}
