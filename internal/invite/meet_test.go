package invite

import (
	"strings"
	"testing"
)

const meetBar = "-::~:~::~:~:~:~:~:~:~:~:~:~:~:~:~:~:~:~:~:~:~:~:~:~:~:~:~:~:~:~:~:~:~:~:~:~:~:~:~:~:~:~:~:~:~:~:~:~:~:~::~:~::-"

func TestMeetBlock(t *testing.T) { // field rule 27
	block := meetBar + "\nPlease do not edit this section of the description.\n\nThis event has a video call.\nJoin: https://meet.google.com/pyb-ndcu-hhc\n" +
		"(US) +1 555-0100 PIN: 1234#\nView more phone numbers: https://tel.meet/pyb-ndcu-hhc?pin=1234&hs=7\n\n" +
		"View your event at https://calendar.google.com/calendar/event?action=VIEW&eid=SECRET&tok=TOKEN.\n" + meetBar
	dialIn := meetBar + "\nView your event at https://calendar.google.com/calendar/event?eid=SECRET.\n" + meetBar
	for _, test := range []struct{ name, text, conference, want string }{
		{"no block", "Agenda", "", "Agenda"},
		{"only the block", block, "", "https://meet.google.com/pyb-ndcu-hhc"},
		{"after a text", "Agenda\n\n" + block, "", "Agenda\n\nhttps://meet.google.com/pyb-ndcu-hhc"},
		{"between texts", "Before\n" + block + "\nAfter", "", "Before\n\nhttps://meet.google.com/pyb-ndcu-hhc\n\nAfter"},
		{"without a link", "Agenda\n" + dialIn, "", "Agenda"},
		{"with the link beside", "Agenda\n" + dialIn, "https://meet.google.com/abc", "Agenda\n\nhttps://meet.google.com/abc"},
		{"not twice", "Join https://meet.google.com/pyb-ndcu-hhc\n" + block, "", "Join https://meet.google.com/pyb-ndcu-hhc"},
		{"cut off", "Agenda\n" + block[:150], "", "Agenda"},
	} {
		got, _ := withoutMeetBlock(test.text, test.conference)
		if got != test.want {
			t.Errorf("%s: %q, want %q", test.name, got, test.want)
		}
		if strings.Contains(got, "SECRET") {
			t.Errorf("%s: the guest's own link travels on: %q", test.name, got)
		}
	}
	r := mustRequest(t, event("DTSTART:20260401T090000Z", `DESCRIPTION:Agenda\n`+strings.ReplaceAll(block, "\n", `\n`)))
	if r.Description != "Agenda\n\nhttps://meet.google.com/pyb-ndcu-hhc" {
		t.Errorf("description: %q", r.Description)
	}
}

func FuzzMeetBlock(f *testing.F) {
	f.Add("Agenda\n"+meetBar+"\nJoin: https://meet.google.com/a\n"+meetBar, "")
	f.Fuzz(func(t *testing.T, text, conference string) {
		got, found := withoutMeetBlock(text, "")
		if !found && got != text {
			t.Errorf("changed without a block: %q", got)
		}
		if len(got) > len(text)+4 {
			t.Errorf("grew: %q", got)
		}
		withoutMeetBlock(text, conference)
	})
}
