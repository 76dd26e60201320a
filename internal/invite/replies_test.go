package invite

import (
	"encoding/hex"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/calendarinvite/calendarinviteserver/internal/fault"
	"github.com/calendarinvite/calendarinviteserver/internal/ical"
	"github.com/calendarinvite/calendarinviteserver/internal/imip"
	"github.com/calendarinvite/calendarinviteserver/internal/mailauth"
	"github.com/calendarinvite/calendarinviteserver/internal/seal"
)

func testKeys(t *testing.T) *seal.Keys {
	t.Helper()
	keys, err := seal.ParseKeys([]byte("a secret for tests only"))
	if err != nil {
		t.Fatal(err)
	}
	return keys
}

// replies reads a REPLY whose VEVENTs are given, from the address.
func replies(t *testing.T, from string, events ...string) ([]Reply, error) {
	t.Helper()
	text := "BEGIN:VCALENDAR\r\nPRODID:-//Client//EN\r\nMETHOD:REPLY\r\n"
	for _, e := range events {
		text += "BEGIN:VEVENT\r\n" + strings.ReplaceAll(e, "\n", "\r\n") + "\r\nEND:VEVENT\r\n"
	}
	parsed, err := ical.Read([]byte(text+"END:VCALENDAR\r\n"), ical.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	mail := Mail{MessageID: "M1", Received: time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC).Unix()}
	return NewReplies(mail, &imip.Message{}, &imip.CalendarPart{Method: "REPLY", Calendar: parsed}, mailauth.Judgement{Authenticated: true, Person: from}, testKeys(t))
}

// wrapped is another system's UID as the GlobalObjectId that Exchange makes of it (MS-OXCICAL 2.1.3.1.1.20.26).
func wrapped(uid string) string {
	data := "vCal-Uid\x01\x00\x00\x00" + uid + "\x00"
	return strings.ToUpper("040000008200e00074c5b7101a82e008" + strings.Repeat("0", 40) + hex.EncodeToString([]byte{byte(len(data)), 0, 0, 0}) + hex.EncodeToString([]byte(data)))
}

func TestNewReplies(t *testing.T) {
	uid := testKeys(t).UID(seal.Invitation{UID: "abc123", Email: "bob@example.com", Generation: 2}, "cis.example")
	stamp := time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC).Unix()
	received := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC).Unix()
	base := Reply{
		MessageID: "m1", UID: "abc123", Attendee: "bob@example.com", Name: "Bob", Invited: "bob@example.com", Generation: 2, From: "bob@example.com", Authenticated: true,
		PartStat: "ACCEPTED", DTStamp: stamp, Sequence: 1, ProdID: "-//Client//EN", Channel: ChannelMail,
	}
	with := func(change func(*Reply)) Reply {
		r := base
		change(&r)
		return r
	}
	const rest = "\nDTSTAMP:20260302T080000Z\nSEQUENCE:1\n"
	for _, test := range []struct {
		name, event string
		want        Reply
	}{
		{"plain", "UID:" + uid + rest + "ATTENDEE;CN=Bob;PARTSTAT=ACCEPTED:mailto:bob@example.com", base},
		{"upper case", "UID:" + strings.ToUpper(uid) + rest + "ATTENDEE;CN=Bob;PARTSTAT=accepted:MAILTO:Bob@Example.com", base},
		{"wrapped by Exchange", "UID:" + wrapped(uid) + rest + "ATTENDEE;CN=Bob;PARTSTAT=ACCEPTED:mailto:bob@example.com", base},
		{"with a space of a bad fold", "UID:" + uid[:40] + " " + uid[40:] + rest + "ATTENDEE;CN=Bob;PARTSTAT=ACCEPTED:mailto:bob@example.com", base},
		{"comment and instance", "UID:" + uid + rest + "ATTENDEE;CN=Bob;PARTSTAT=DECLINED:mailto:bob@example.com\nCOMMENT:Sorry\\, no\nRECURRENCE-ID:20260408T090000Z",
			with(func(r *Reply) { r.PartStat, r.Comment, r.RecurrenceID = "DECLINED", "Sorry, no", "20260408T090000Z" })},
		{"no attendee", "UID:" + uid + "\nDTSTAMP:20260302T080000Z\nSEQUENCE:1", with(func(r *Reply) { r.Attendee, r.Name, r.PartStat = "", "", "" })},
		{"no DTSTAMP", "UID:" + uid + "\nSEQUENCE:1\nATTENDEE;CN=Bob;PARTSTAT=ACCEPTED:mailto:bob@example.com", with(func(r *Reply) { r.DTStamp = received })},
		{"DTSTAMP of next year", "UID:" + uid + "\nDTSTAMP:20270302T080000Z\nSEQUENCE:1\nATTENDEE;CN=Bob;PARTSTAT=ACCEPTED:mailto:bob@example.com", with(func(r *Reply) { r.DTStamp = received })},
		{"delegated", "UID:" + uid + rest + `ATTENDEE;CN=Bob;PARTSTAT=DELEGATED;DELEGATED-TO="mailto:eve@example.com":mailto:bob@example.com`,
			with(func(r *Reply) { r.PartStat, r.DelegatedTo = "DELEGATED", "eve@example.com" })},
		{"several attendees", "UID:" + uid + rest + "ATTENDEE;PARTSTAT=ACCEPTED:mailto:zoe@example.com\nATTENDEE;CN=Bob;PARTSTAT=ACCEPTED:mailto:bob@example.com", base},
		{"another system's", "UID:foreign@organizer.example" + rest + "ATTENDEE;CN=Bob;PARTSTAT=ACCEPTED:mailto:bob@example.com",
			with(func(r *Reply) { r.UID, r.Invited, r.Generation = "foreign@organizer.example", "", 0 })},
	} {
		got, err := replies(t, "bob@example.com", test.event)
		if err != nil {
			t.Errorf("%s: %v", test.name, err)
			continue
		}
		if diff := cmp.Diff([]Reply{test.want}, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", test.name, diff)
		}
	}
}

func TestNewRepliesSeveral(t *testing.T) {
	uid := testKeys(t).UID(seal.Invitation{UID: "abc123", Email: "bob@example.com"}, "cis.example")
	one := "UID:" + uid + "\nATTENDEE;PARTSTAT=ACCEPTED:mailto:bob@example.com\nRECURRENCE-ID:2026040%dT090000Z"
	got, err := replies(t, "bob@example.com", strings.Replace(one, "%d", "1", 1), strings.Replace(one, "%d", "8", 1), strings.Replace(one, "%d", "8", 1))
	if err != nil || len(got) != 2 || got[0].RecurrenceID == got[1].RecurrenceID {
		t.Errorf("replies to two instances: %v %v", got, err)
	}
	forged := uid[:len("abc123-")+5] + "7777" + uid[len("abc123-")+9:]
	if _, err := replies(t, "bob@example.com", "UID:"+forged+"\nATTENDEE:mailto:bob@example.com"); fault.KindOf(err) != fault.NotAuthorized {
		t.Errorf("a forged token: %v", err)
	}
	if _, err := replies(t, "bob@example.com", "ATTENDEE:mailto:bob@example.com"); fault.ReasonOf(err) != ReasonNoAnswer {
		t.Errorf("no UID: %v", err)
	}
}

func TestNewRepliesLongAddress(t *testing.T) {
	long := strings.Repeat("x", 60) + "@" + strings.Repeat("long.", 30) + "example"
	uid := testKeys(t).UID(seal.Invitation{UID: "abc123", Email: long}, "cis.example")
	got, err := replies(t, "eve@example.com", "UID:"+uid+"\nATTENDEE;PARTSTAT=ACCEPTED:mailto:"+long)
	if err != nil || got[0].Invited != long {
		t.Errorf("the address in ATTENDEE: %+v %v", got, err)
	}
	got, err = replies(t, "eve@example.com", "UID:"+uid+"\nATTENDEE;PARTSTAT=ACCEPTED:mailto:eve@example.com")
	if err != nil || got[0].Invited != "" || got[0].UID != "abc123" {
		t.Errorf("nobody at hand: %+v %v", got, err)
	}
}

func TestNewRepliesCorpus(t *testing.T) {
	for _, file := range corpus(t, "replies") {
		raw, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		msg, err := imip.Read(raw, imip.Limits{})
		if err != nil {
			t.Errorf("%s: %v", file, err)
			continue
		}
		part, err := msg.Calendar()
		if err != nil {
			t.Errorf("%s: %v", file, err)
			continue
		}
		got, err := NewReplies(Mail{MessageID: "m1"}, msg, part, mailauth.Judgement{Authenticated: true, Person: strings.ToLower(msg.From.Email)}, testKeys(t))
		if err != nil || len(got) == 0 || got[0].UID == "" {
			t.Errorf("%s: %v %v", file, got, err)
			continue
		}
		t.Logf("%s: %s %s", filepath.Base(file), got[0].PartStat, got[0].Attendee)
	}
}
