package seal_test

import (
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/calendarinvite/calendarinviteserver/internal/seal"
)

func mustKeys(t testing.TB, secret string) *seal.Keys {
	t.Helper()
	keys, err := seal.ParseKeys([]byte(secret))
	if err != nil {
		t.Fatal(err)
	}
	return keys
}

const (
	secret = "a secret for tests, not for use"
	uid    = "0k3oq8hmvn6hlb5p9qjfe2u1r4c7d8s9t0a1b2c3" // as SES makes them: 40 of [a-z0-9]
)

func TestParseKeys(t *testing.T) {
	strong := base64.StdEncoding.EncodeToString([]byte(strings.Repeat("k", 32)))
	for _, test := range []struct {
		name, secret string
		ok           bool
	}{
		{"plain", "sixteen octets!!", true},
		{"plain with line end", "sixteen octets!!\n", true},
		{"plain, too short", "fifteen octets!", false},
		{"empty", "", false},
		{"JSON", `{"current":"` + strong + `"}`, true},
		{"JSON, unpadded", `{"current":"` + strings.TrimRight(strong, "=") + `"}`, true},
		{"JSON with previous", `{"current":"` + strong + `","previous":["` + strong + `"]}`, true},
		{"JSON, key too short", `{"current":"c2hvcnQ="}`, false},
		{"JSON, previous too short", `{"current":"` + strong + `","previous":["c2hvcnQ="]}`, false},
		{"JSON, no current", `{"previous":["` + strong + `"]}`, false},
		{"JSON, broken", `{"current":`, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := seal.ParseKeys([]byte(test.secret))
			if (err == nil) != test.ok {
				t.Errorf("error = %v, want ok = %v", err, test.ok)
			}
			if err != nil && test.secret != "" && strings.Contains(err.Error(), test.secret) {
				t.Errorf("the error repeats the secret: %v", err)
			}
		})
	}
}

func TestRotation(t *testing.T) {
	old := base64.StdEncoding.EncodeToString([]byte(strings.Repeat("o", 32)))
	fresh := base64.StdEncoding.EncodeToString([]byte(strings.Repeat("n", 32)))
	before := mustKeys(t, `{"current":"`+old+`"}`)
	during := mustKeys(t, `{"current":"`+fresh+`","previous":["`+old+`"]}`)
	after := mustKeys(t, `{"current":"`+fresh+`"}`)
	invitation := seal.Invitation{UID: uid, Email: "ada@example.org"}
	link := seal.Link{Purpose: seal.RSVP, UID: uid, Email: "ada@example.org"}

	oldUID, oldLink := before.UID(invitation, "example.net"), before.Link(link)
	if opened, err := during.OpenUID(oldUID); err != nil || opened != invitation {
		t.Errorf("a previous key does not open a UID: %+v, %v", opened, err)
	}
	if opened, err := during.OpenLink(seal.RSVP, oldLink); err != nil || opened != link {
		t.Errorf("a previous key does not open a link: %+v, %v", opened, err)
	}
	if during.UID(invitation, "example.net") != after.UID(invitation, "example.net") {
		t.Error("the current key does not seal")
	}
	if _, err := after.OpenUID(oldUID); !errors.Is(err, seal.ErrForged) {
		t.Errorf("a retired key opens: %v", err)
	}
}

func TestUIDOfOtherSystems(t *testing.T) {
	keys := mustKeys(t, secret)
	for _, other := range []string{
		"",
		"-",
		"@",
		"-@example.org",
		"040000008200E00074C5B7101A82E00800000000A0B1C2D3E4F50001000000000000000010000000403B5AC10A0EB444A947D2B499A4B98C",
		"1utaf3eftt1agbnisfcc3a5ps0@google.com",
		"1utaf3eftt1agbnisfcc3a5ps0_R20240411T080000@google.com",
		"7791cb16-a4f3-43ae-a9a0-ed4003535ae7",
		"1E71F9C8-AEDA-48EB-98D0-76E898F6BB5C@icloud.com",
		"calendar-7791cb16-a4f3-43ae-a9a0-ed4003535ae7@google.com",
		"event-abcdefghijklmnopqrstuvwxyz234567@example.org",
		uid + "@cis.localhost",
		uid,
		"RFC5545-" + strings.Repeat("0", 52) + "@example.org",
	} {
		if opened, err := keys.OpenUID(other); !errors.Is(err, seal.ErrNoToken) {
			t.Errorf("OpenUID(%q) = %+v, %v; want ErrNoToken", other, opened, err)
		}
	}
}

func TestUIDNeedsItsEvent(t *testing.T) {
	keys := mustKeys(t, secret)
	sealed := keys.UID(seal.Invitation{UID: uid, Email: "ada@example.org"}, "example.net")
	moved := strings.Replace(sealed, uid, strings.Repeat("z", 40), 1)
	if opened, err := keys.OpenUID(moved); !errors.Is(err, seal.ErrForged) {
		t.Errorf("a token opens for another event: %+v, %v", opened, err)
	}
}

func TestUIDSurvivesCalendars(t *testing.T) {
	keys := mustKeys(t, secret)
	want := seal.Invitation{UID: uid, Email: "ada@example.org", Generation: 3}
	sealed := keys.UID(want, "example.net")
	for name, given := range map[string]string{
		"as sent": sealed, "upper case": strings.ToUpper(sealed), "spaces around": " " + sealed + "\r\n",
		"without domain": strings.TrimSuffix(sealed, "@example.net"), "other domain": strings.Replace(sealed, "example.net", "mail.example.com", 1),
	} {
		if opened, err := keys.OpenUID(given); err != nil || opened != want {
			t.Errorf("%s: %+v, %v", name, opened, err)
		}
	}
}

func TestUIDLength(t *testing.T) {
	keys := mustKeys(t, secret)
	for address := 3; address <= 254; address++ {
		for _, domain := range []int{4, 13, 50, 100} {
			email := strings.Repeat("a", address-2) + "@b"
			sealed := keys.UID(seal.Invitation{UID: uid, Email: email, Generation: 1 << 20}, strings.Repeat("d", domain))
			if len(sealed) > seal.MaxUID {
				t.Fatalf("address of %d, domain of %d: UID of %d octets", address, domain, len(sealed))
			}
			opened, err := keys.OpenUID(sealed)
			if err != nil || !opened.Matches(email) || opened.Matches("x"+email) {
				t.Fatalf("address of %d, domain of %d: %+v, %v", address, domain, opened, err)
			}
			if address <= 40 && opened.Email != email {
				t.Fatalf("address of %d, domain of %d is only hashed", address, domain)
			}
		}
	}
}

// address draws an address of up to 254 octets in any mixture of case.
var address = rapid.Custom(func(t *rapid.T) string {
	return rapid.StringMatching(`[A-Za-z0-9.!#$%&'*+/=?^_{|}~-]{1,60}`).Draw(t, "local") + "@" +
		rapid.StringMatching(`[A-Za-z0-9-]{1,40}(\.[A-Za-z0-9-]{1,40}){0,3}`).Draw(t, "domain")
})

func TestUIDRoundTrip(t *testing.T) {
	keys := mustKeys(t, secret)
	rapid.Check(t, func(t *rapid.T) {
		email := address.Draw(t, "email")
		generation := rapid.IntRange(0, 1<<30).Draw(t, "generation")
		domain := rapid.StringMatching(`[a-z0-9.-]{1,100}`).Draw(t, "own domain")
		sealed := keys.UID(seal.Invitation{UID: uid, Email: email, Generation: generation}, domain)
		if again := keys.UID(seal.Invitation{UID: uid, Email: strings.ToUpper(email), Generation: generation}, domain); again != sealed {
			t.Fatalf("not folded: %s, %s", sealed, again)
		}
		opened, err := keys.OpenUID(sealed)
		if err != nil {
			t.Fatal(err)
		}
		if opened.UID != uid || opened.Generation != generation || !opened.Matches(email) {
			t.Fatalf("opened %+v of %q", opened, email)
		}
		if opened.Email != "" && opened.Email != strings.ToLower(email) {
			t.Fatalf("opened %q of %q", opened.Email, email)
		}
		if again := keys.UID(opened, domain); again != sealed {
			t.Fatalf("seals differently again: %s, %s", sealed, again)
		}
	})
}

// purposes are all that a link can be for.
var purposes = []seal.Purpose{seal.RSVP, seal.Unsubscribe, seal.Invite, seal.Confirm, seal.Page, seal.Proposals, seal.Guests, seal.Download, seal.Cursor, seal.SignIn, seal.Session, seal.List}

// A token of one purpose opens for no other, nor as the UID of an invitation.
func TestEveryPurposeOpensItself(t *testing.T) {
	keys := mustKeys(t, secret)
	for _, made := range purposes {
		token := keys.Link(seal.Link{Purpose: made, UID: uid, Email: "ada@example.org", Extra: "reports/0k3/report.csv", Expires: 1})
		for _, tried := range append(purposes, "uid", "") {
			opened, err := keys.OpenLink(tried, token)
			if tried == made && (err != nil || opened.Extra != "reports/0k3/report.csv" || opened.Purpose != made) {
				t.Errorf("%s opens as %+v, %v", made, opened, err)
			}
			if tried != made && !errors.Is(err, seal.ErrForged) {
				t.Errorf("%s opens as %q: %v", made, tried, err)
			}
		}
		if _, err := keys.OpenUID(uid + "-" + token + "@example.net"); !errors.Is(err, seal.ErrForged) {
			t.Errorf("%s opens as a UID: %v", made, err)
		}
	}
}

func TestLinkRoundTrip(t *testing.T) {
	keys := mustKeys(t, secret)
	rapid.Check(t, func(t *rapid.T) {
		want := seal.Link{
			Purpose: rapid.SampledFrom(purposes).Draw(t, "purpose"), UID: uid, Email: strings.ToLower(address.Draw(t, "email")),
			Extra: rapid.String().Draw(t, "extra"), Generation: rapid.IntRange(0, 1<<30).Draw(t, "generation"),
			Expires: rapid.Int64().Draw(t, "expires"),
		}
		token := keys.Link(want)
		if strings.Trim(token, "abcdefghijklmnopqrstuvwxyz234567") != "" {
			t.Fatalf("not safe in a URL: %s", token)
		}
		for _, purpose := range purposes {
			opened, err := keys.OpenLink(purpose, strings.ToUpper(token))
			if purpose == want.Purpose && (err != nil || opened != want) {
				t.Fatalf("opened %+v, %v; want %+v", opened, err, want)
			}
			if purpose != want.Purpose && !errors.Is(err, seal.ErrForged) {
				t.Fatalf("%s opens as %s", want.Purpose, purpose)
			}
		}
	})
}

// A link token is no UID token, whatever event it is put behind.
func TestPurposesAreSeparate(t *testing.T) {
	keys := mustKeys(t, secret)
	token := keys.Link(seal.Link{Purpose: seal.RSVP, UID: uid, Email: "ada@example.org"})
	if _, err := keys.OpenUID(uid + "-" + token + "@example.net"); !errors.Is(err, seal.ErrForged) {
		t.Errorf("a link opens as a UID: %v", err)
	}
	sealed := keys.UID(seal.Invitation{UID: uid, Email: "ada@example.org"}, "example.net")
	sealed, _, _ = strings.Cut(sealed[len(uid)+1:], "@")
	if _, err := keys.OpenLink(seal.RSVP, sealed); !errors.Is(err, seal.ErrForged) {
		t.Errorf("a UID opens as a link: %v", err)
	}
}

// Every single changed character of a token keeps it shut.
func TestChangedTokenNeverOpens(t *testing.T) {
	keys := mustKeys(t, secret)
	const alphabet = "abcdefghijklmnopqrstuvwxyz234567"
	for length := 5; length < 12; length++ { // every number of unused bits at the end
		sealed := keys.UID(seal.Invitation{UID: uid, Email: strings.Repeat("a", length) + "@example.org"}, "example.net")
		from, to := len(uid)+1, strings.IndexByte(sealed, '@')
		for i := from; i < to; i++ {
			for bit := range 5 {
				value := strings.IndexByte(alphabet, sealed[i]) ^ 1<<bit
				changed := sealed[:i] + alphabet[value:value+1] + sealed[i+1:]
				if opened, err := keys.OpenUID(changed); err == nil {
					t.Fatalf("character %d changed: opens as %+v", i-from, opened)
				}
			}
		}
		for cut := from; cut < to; cut++ {
			if _, err := keys.OpenUID(sealed[:cut] + "@example.net"); err == nil {
				t.Fatalf("cut to %d characters: opens", cut-from)
			}
		}
	}
}

func TestExpired(t *testing.T) {
	now := time.Unix(1_700_000_000, 0)
	for expires, want := range map[int64]bool{0: false, now.Unix(): false, now.Unix() - 1: true, now.Unix() + 1: false} {
		if got := (seal.Link{Expires: expires}).Expired(now); got != want {
			t.Errorf("Expires %d: %v", expires, got)
		}
	}
}

func ExampleKeys_UID() {
	keys, _ := seal.ParseKeys([]byte("a secret for tests, not for use"))
	sealed := keys.UID(seal.Invitation{UID: "event", Email: "ada@example.org"}, "example.net")
	fmt.Println(sealed)
	opened, _ := keys.OpenUID(strings.ToUpper(sealed))
	fmt.Println(opened.UID, opened.Email)
	// Output:
	// event-iysbhbhf75fhbzthlae27iej3ldmbi4bddx3glkpegvlxr2rbnfyw@example.net
	// event ada@example.org
}

func BenchmarkUID(b *testing.B) {
	keys := mustKeys(b, secret)
	b.ReportAllocs()
	for b.Loop() {
		keys.UID(seal.Invitation{UID: uid, Email: "ada.lovelace@example.org"}, "example.net")
	}
}

func BenchmarkOpenUID(b *testing.B) {
	keys := mustKeys(b, secret)
	sealed := keys.UID(seal.Invitation{UID: uid, Email: "ada.lovelace@example.org"}, "example.net")
	b.ReportAllocs()
	for b.Loop() {
		if _, err := keys.OpenUID(sealed); err != nil {
			b.Fatal(err)
		}
	}
}
