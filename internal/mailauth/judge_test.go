package mailauth

import (
	"strings"
	"testing"

	"github.com/calendarinvite/calendarinviteserver/internal/imip"
)

// mail builds a message: header lines, then a calendar with the method (none for "-").
func mail(method string, header ...string) string {
	const event = "BEGIN:VEVENT\r\nUID:1@example.com\r\nDTSTAMP:20250101T000000Z\r\nDTSTART:20250301T100000Z\r\nSUMMARY:x\r\nORGANIZER:mailto:ada@example.com\r\nEND:VEVENT\r\n"
	all := append([]string{"Return-Path: <ada@example.com>"}, header...)
	has := func(name string) bool {
		for _, line := range header {
			if strings.HasPrefix(line, name+":") {
				return true
			}
		}
		return false
	}
	if has("Return-Path") {
		all = header
	}
	if !has("From") && !has("No-From") {
		all = append(all, "From: Ada Ng <Ada@Example.com>")
	}
	if method == "-" {
		all = append(all, "Content-Type: text/plain", "", "hello")
	} else {
		all = append(all, "Content-Type: text/calendar; charset=utf-8", "", "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x")
		if method != "" {
			all = append(all, "METHOD:"+method)
		}
		all = append(all, event+"END:VCALENDAR", "")
	}
	return strings.Join(all, "\r\n")
}

// foreign replaces the organizer of a mail made by mail.
func foreign(mail, organizer string) string {
	return strings.Replace(mail, "ORGANIZER:mailto:ada@example.com", organizer, 1)
}

// multipart wraps parts, each with its own header, into a message.
func multipart(header, kind string, parts ...string) string {
	var b strings.Builder
	b.WriteString(header + "\r\nContent-Type: " + kind + "; boundary=x\r\n\r\n")
	for _, p := range parts {
		b.WriteString("--x\r\n" + p + "\r\n")
	}
	return b.String() + "--x--\r\n"
}

var pass = Verdicts{SPF: Pass, DKIM: Pass, DMARC: Pass, Spam: Pass, Virus: Pass}

func with(change func(*Verdicts)) Verdicts {
	v := pass
	change(&v)
	return v
}

const fromAda = "Return-Path: <ada@example.com>\r\nFrom: ada@example.com"

// TestJudge has a row for each sentence of spec §2, "Who may speak", points 1 to 4, and of field rules 34 to 36, 44 and 48 to 50.
func TestJudge(t *testing.T) {
	const do, answer, hold = "act", "answer", "hold"
	deliveryStatus := "Content-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; x\r\n\r\nFinal-Recipient: rfc822; a@b.c\r\nAction: failed"
	returned := "Content-Type: message/rfc822\r\n\r\n" + mail("REQUEST")
	tests := []struct {
		name     string
		verdicts Verdicts
		policy   Policy
		mail     string
		want     string // what it may do
		reason   string
	}{
		// 0. The ordinary cases.
		{"an organizer's invitation", pass, Policy{}, mail("REQUEST"), "act answer", ""},
		{"an organizer's publication", pass, Policy{}, mail("PUBLISH"), "act answer", ""},
		{"an organizer's cancellation", pass, Policy{}, mail("CANCEL"), "act answer", ""},
		{"an attendee's reply", pass, Policy{}, mail("REPLY"), "act answer", ""},
		{"a person's mail without a calendar", pass, Policy{}, mail("-"), "act answer", ""},

		// 1. Only the verdicts in the SES event count.
		{"headers that claim success are not read", Verdicts{}, Policy{},
			mail("REQUEST", "Authentication-Results: amazonses.com; spf=pass; dkim=pass; dmarc=pass", "X-SES-Spam-Verdict: PASS", "X-SES-Virus-Verdict: PASS", "Received-SPF: pass"),
			"", ReasonUnauthenticated},
		{"headers that claim failure are not read", pass, Policy{},
			mail("REQUEST", "Authentication-Results: amazonses.com; spf=fail; dkim=fail; dmarc=fail", "X-SES-Spam-Verdict: FAIL", "X-SES-Virus-Verdict: FAIL", "Received-SPF: fail"),
			"act answer", ""},

		// 2. Virus FAIL or spam FAIL: dropped.
		{"virus FAIL", with(func(v *Verdicts) { v.Virus = Fail }), Policy{}, mail("REQUEST"), "", ReasonVirus},
		{"spam FAIL", with(func(v *Verdicts) { v.Spam = Fail }), Policy{}, mail("REQUEST"), "", ReasonSpam},
		{"scanning off", with(func(v *Verdicts) { v.Spam, v.Virus = Disabled, Disabled }), Policy{}, mail("REQUEST"), "act answer", ""},
		{"scanning gave no answer", with(func(v *Verdicts) { v.Spam, v.Virus = Gray, ProcessingFailed }), Policy{}, mail("REQUEST"), "act answer", ""},
		// DMARC FAIL means not authenticated: changes nothing, is not answered.
		{"DMARC FAIL", with(func(v *Verdicts) { v.DMARC = Fail }), Policy{}, mail("REQUEST"), "", ReasonDMARC},
		{"DMARC FAIL with policy none", with(func(v *Verdicts) { v.DMARC, v.DMARCPolicy = Fail, "none" }), Policy{}, mail("REQUEST"), "", ReasonDMARC},
		{"DMARC FAIL of a reply", with(func(v *Verdicts) { v.DMARC = Fail }), Policy{}, mail("REPLY"), "", ReasonDMARC},
		// Neither SPF nor DKIM PASS means the same.
		{"neither SPF nor DKIM", with(func(v *Verdicts) { v.SPF, v.DKIM, v.DMARC = Fail, Gray, Gray }), Policy{}, mail("REQUEST"), "", ReasonUnauthenticated},
		{"no verdict at all", Verdicts{}, Policy{}, mail("REQUEST"), "", ReasonUnauthenticated},
		{"only SPF", with(func(v *Verdicts) { v.DKIM = Fail }), Policy{}, mail("REQUEST"), "act answer", ""},
		{"only DKIM", with(func(v *Verdicts) { v.SPF = Fail }), Policy{}, mail("REQUEST"), "act answer", ""},
		// Where DMARC gives no answer: accept (default, when SPF or DKIM passes) or confirm.
		{"GRAY is accepted by default", with(func(v *Verdicts) { v.DMARC = Gray }), Policy{}, mail("REQUEST"), "act answer", ""},
		{"GRAY is accepted by setting", with(func(v *Verdicts) { v.DMARC = Gray }), Policy{Gray: Accept}, mail("REQUEST"), "act answer", ""},
		{"GRAY is held by setting", with(func(v *Verdicts) { v.DMARC = Gray }), Policy{Gray: Confirm}, mail("REQUEST"), "answer hold", ReasonGray},
		{"GRAY holds a cancellation", with(func(v *Verdicts) { v.DMARC = Gray }), Policy{Gray: Confirm}, mail("CANCEL"), "answer hold", ReasonGray},
		{"GRAY holds a list without a calendar", with(func(v *Verdicts) { v.DMARC = Gray }), Policy{Gray: Confirm}, mail("-"), "answer hold", ReasonGray},
		{"GRAY does not hold a reply", with(func(v *Verdicts) { v.DMARC = Gray }), Policy{Gray: Confirm}, mail("REPLY"), "act answer", ""},
		{"no DMARC verdict is no answer", with(func(v *Verdicts) { v.DMARC = "" }), Policy{Gray: Confirm}, mail("REQUEST"), "answer hold", ReasonGray},
		{"a failed DMARC check is no answer", with(func(v *Verdicts) { v.DMARC = ProcessingFailed }), Policy{Gray: Confirm}, mail("REQUEST"), "answer hold", ReasonGray},
		{"GRAY without SPF or DKIM is not authenticated", Verdicts{SPF: Gray, DKIM: Gray, DMARC: Gray}, Policy{Gray: Confirm}, mail("REQUEST"), "", ReasonUnauthenticated},
		{"DMARC PASS is not held", pass, Policy{Gray: Confirm}, mail("REQUEST"), "act answer", ""},

		// 3. Automatic mail is never answered and starts nothing.
		{"auto-replied", pass, Policy{}, mail("-", "Auto-Submitted: auto-replied"), "", ReasonAutoReply},
		{"auto-replied with parameters and case", pass, Policy{}, mail("-", "Auto-Submitted: Auto-Replied (vacation); owner=x"), "", ReasonAutoReply},
		{"Auto-Submitted: no", pass, Policy{}, mail("-", "Auto-Submitted: no"), "act answer", ""},
		{"the time before RFC 3834", pass, Policy{}, mail("-", "X-Autoreply: yes"), "", ReasonAutoReply},
		{"null return path", pass, Policy{}, mail("-", "Return-Path: <>"), "", ReasonNullReturnPath},
		{"null return path with an invitation", pass, Policy{}, mail("REQUEST", "Return-Path: <>"), "", ReasonNullReturnPath},
		{"only the first Return-Path is the envelope's", pass, Policy{}, mail("REQUEST", "Return-Path: <ada@example.com>", "Return-Path: <>"), "act answer", ""},
		{"Precedence: bulk", pass, Policy{}, mail("REQUEST", "Precedence: bulk"), "", ReasonPrecedence},
		{"Precedence: junk", pass, Policy{}, mail("REQUEST", "Precedence: Junk"), "", ReasonPrecedence},
		{"Precedence: list", pass, Policy{}, mail("REQUEST", "Precedence: list"), "", ReasonPrecedence},
		{"Precedence: first-class", pass, Policy{}, mail("REQUEST", "Precedence: first-class"), "act answer", ""},
		{"delivery status notification", pass, Policy{}, multipart(fromAda, "multipart/report; report-type=delivery-status", "\r\nfailed", deliveryStatus), "", ReasonDeliveryReport},
		{"one that carries the original invitation", pass, Policy{}, multipart(fromAda, "multipart/report; report-type=delivery-status", "\r\nfailed", deliveryStatus, returned), "", ReasonDeliveryReport},
		{"one that does not say so", pass, Policy{}, multipart(fromAda, "multipart/mixed", "\r\nfailed", deliveryStatus, returned), "", ReasonDeliveryReport},
		{"one that only returns our invitation as a calendar", pass, Policy{}, multipart(fromAda, "multipart/report; report-type=delivery-status", "\r\nfailed", "Content-Type: text/calendar; method=REQUEST\r\n\r\nBEGIN:VCALENDAR\r\nMETHOD:REQUEST\r\nBEGIN:VEVENT\r\nUID:1\r\nEND:VEVENT\r\nEND:VCALENDAR"), "", ReasonDeliveryReport},
		{"read receipt", pass, Policy{}, multipart(fromAda, "multipart/report; report-type=disposition-notification", "\r\nread", "Content-Type: message/disposition-notification\r\n\r\nDisposition: x"), "", ReasonReceipt},
		{"complaint", pass, Policy{}, multipart(fromAda, "multipart/report; report-type=feedback-report", "\r\nspam", "Content-Type: message/feedback-report\r\n\r\nFeedback-Type: abuse"), "", ReasonComplaint},
		{"our own address", pass, Policy{OwnAddresses: []string{"rsvp@Invites.example"}}, mail("REQUEST", "From: RSVP@invites.example"), "", ReasonOwnAddress},
		{"our own address with a tag", pass, Policy{OwnAddresses: []string{"rsvp@invites.example"}}, mail("REQUEST", "From: rsvp+token@invites.example"), "", ReasonOwnAddress},
		{"our own address as Sender", pass, Policy{OwnAddresses: []string{"rsvp@invites.example"}}, mail("REQUEST", "Sender: rsvp@invites.example"), "", ReasonOwnAddress},
		{"our own address as return path", pass, Policy{OwnAddresses: []string{"bounce@invites.example"}}, mail("REQUEST", "Return-Path: <bounce@invites.example>"), "", ReasonOwnAddress},
		{"our own domain", pass, Policy{OwnDomain: "invites.example"}, mail("REQUEST", "From: any@invites.example"), "", ReasonOwnAddress},
		{"a neighbour on our domain", pass, Policy{OwnAddresses: []string{"rsvp@example.com"}}, mail("REQUEST"), "act answer", ""},
		{"the SES set-up notice", pass, Policy{}, mail("-", "From: Amazon Web Services <no-reply-aws@amazon.com>", "Subject: Amazon SES Setup Notification"), "", ReasonSetupNotice},
		// Calendars send invitations and replies as auto-generated: read whatever that header says.
		{"an auto-generated invitation is read, and its organizer told", pass, Policy{}, mail("REQUEST", "Auto-Submitted: auto-generated"), "act answer", ""},
		{"an auto-generated reply is read and not answered", pass, Policy{}, mail("REPLY", "Auto-Submitted: auto-generated"), "act", ""},
		{"an auto-generated counter-proposal", pass, Policy{}, mail("COUNTER", "Auto-Submitted: auto-generated"), "act", ""},
		{"a room that answers as auto-replied", pass, Policy{}, mail("REPLY", "Auto-Submitted: auto-replied"), "act", ""},
		{"a room that asks for no answers", pass, Policy{}, mail("REPLY", "X-Auto-Response-Suppress: DR, OOF, AutoReply"), "act", ""},
		{"a vacation responder returning an invitation", pass, Policy{}, mail("REQUEST", "Auto-Submitted: auto-replied"), "", ReasonAutoReply},
		{"a vacation responder with our invitation attached", pass, Policy{}, multipart(fromAda+"\r\nAuto-Submitted: auto-replied", "multipart/mixed", "\r\naway", returned), "", ReasonAutoReply},
		{"the method in the Content-Type is enough", pass, Policy{}, strings.Replace(mail("", "Auto-Submitted: auto-generated"), "text/calendar;", "text/calendar; method=reply;", 1), "act", ""},
		// Without a method, auto-generated starts nothing.
		{"auto-generated without a calendar", pass, Policy{}, mail("-", "Auto-Submitted: auto-generated"), "", ReasonAutoGenerated},
		{"auto-generated with a calendar without a method", pass, Policy{}, mail("", "Auto-Submitted: auto-generated"), "", ReasonAutoGenerated},
		{"auto-generated with a word that is no method", pass, Policy{}, mail("X-WHATEVER", "Auto-Submitted: auto-generated"), "", ReasonAutoGenerated},
		{"auto-generated with a calendar in an attached message only", pass, Policy{}, multipart(fromAda+"\r\nAuto-Submitted: auto-generated", "multipart/mixed", "\r\nsee below", returned), "", ReasonAutoGenerated},
		{"auto-notified is automatic too", pass, Policy{}, mail("-", "Auto-Submitted: auto-notified"), "", ReasonAutoGenerated},
		// Never answered: lists (RFC 3834 §2; field rule 34).
		{"a list is not answered", pass, Policy{}, mail("REQUEST", "List-Id: friends <friends.example.com>"), "act", ""},
		{"who asks for no automatic reply gets none", pass, Policy{}, mail("-", "X-Auto-Response-Suppress: All"), "act", ""},

		// 4. The person is From, never Reply-To or Sender; without a From, nobody.
		{"Reply-To and Sender are not asked", pass, Policy{}, mail("REQUEST", "Reply-To: mallory@example.net", "Sender: calendar-notification@google.com"), "act answer", ""},
		{"no From", pass, Policy{}, mail("REQUEST", "No-From: x", "Reply-To: ada@example.com", "Sender: ada@example.com"), "", ReasonNoSender},
		{"an empty From", pass, Policy{}, mail("REQUEST", "From: undisclosed:;"), "", ReasonNoSender},
		{"two addresses in From", pass, Policy{}, mail("REQUEST", "From: ada@example.com, mallory@example.net"), "", ReasonSeveralSenders},
		{"two From fields", pass, Policy{}, mail("REQUEST", "From: ada@example.com", "From: mallory@example.net"), "", ReasonSeveralSenders},
		{"an address as display name", pass, Policy{}, mail("REQUEST", "From: \"victim@example.net\" <ada@example.com>"), "act answer", ""},
		// Where ORGANIZER (or its SENT-BY) names another address, From owns; a setting asks for confirmation.
		{"another organizer is accepted by default", pass, Policy{}, foreign(mail("REQUEST"), "ORGANIZER:mailto:boss@example.com"), "act answer", ""},
		{"another organizer is held by setting", pass, Policy{ForeignOrganizer: Confirm}, foreign(mail("REQUEST"), "ORGANIZER:mailto:boss@example.com"), "answer hold", ReasonForeignOrganizer},
		{"sent on behalf", pass, Policy{ForeignOrganizer: Confirm}, foreign(mail("REQUEST"), "ORGANIZER;SENT-BY=\"mailto:ADA@example.com\":mailto:boss@example.com"), "act answer", ""},
		{"sent on behalf of another's behalf", pass, Policy{ForeignOrganizer: Confirm}, foreign(mail("REQUEST"), "ORGANIZER;SENT-BY=\"mailto:eve@example.com\":mailto:boss@example.com"), "answer hold", ReasonForeignOrganizer},
		{"an iCloud alias", pass, Policy{ForeignOrganizer: Confirm}, foreign(mail("REQUEST"), "ORGANIZER;EMAIL=ada@example.com:mailto:2_abc@imip.me.com"), "act answer", ""},
		{"the same organizer", pass, Policy{ForeignOrganizer: Confirm}, mail("REQUEST"), "act answer", ""},
		{"no organizer", pass, Policy{ForeignOrganizer: Confirm}, foreign(mail("REQUEST"), "X-NOTHING:x"), "act answer", ""},
		{"a reply names the organizer by nature", pass, Policy{ForeignOrganizer: Confirm}, foreign(mail("REPLY"), "ORGANIZER:mailto:rsvp@invites.example"), "act answer", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			m, err := imip.Read([]byte(tt.mail), imip.Limits{})
			if err != nil {
				t.Fatal(err)
			}
			j := Judge(tt.verdicts, m, tt.policy)
			var may []string
			for _, right := range []struct {
				word string
				is   bool
			}{{do, j.Act}, {answer, j.Answer}, {hold, j.Hold}} {
				if right.is {
					may = append(may, right.word)
				}
			}
			if got := strings.Join(may, " "); got != tt.want || j.Reason != tt.reason {
				t.Errorf("may %q because %q, want %q because %q", got, j.Reason, tt.want, tt.reason)
			}
			if j.Act && j.Person == "" {
				t.Error("acts for nobody")
			}
			if j.Act && !j.Authenticated {
				t.Error("acts without being authenticated")
			}
		})
	}
}

func TestPerson(t *testing.T) {
	for from, want := range map[string]string{
		"From: Ada Ng <Ada.Ng@Example.COM>":                "ada.ng@example.com",
		"From: ADA@EXAMPLE.COM":                            "ada@example.com",
		"From: \"Ng, Ada\" <ada@example.com>":              "ada@example.com",
		"From: ada@example.com\r\nFrom: ADA@example.com":   "ada@example.com",
		"From: a@example.com, b@example.com":               "",
		"Reply-To: ada@example.com\r\nNo-From: x":          "",
		"From: \"mallory@example.net\" <ada@example.com>":  "ada@example.com",
		"From: ada@example.com <mallory@example.net>":      "mallory@example.net",
		"From: <ada@example.com> <mallory@example.net>":    "",
		"From: ada@example.com (mallory@example.net)":      "ada@example.com",
		"From: Ada <ada@example.com>, <mallory@x.example>": "",
	} {
		m, err := imip.Read([]byte(mail("REQUEST", strings.Split(from, "\r\n")...)), imip.Limits{})
		if err != nil {
			t.Fatal(err)
		}
		if got := Judge(pass, m, Policy{}).Person; got != want {
			t.Errorf("%s: person %q, want %q", from, got, want)
		}
	}
}
