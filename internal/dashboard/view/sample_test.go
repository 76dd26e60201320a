package view

import (
	"math"
	"strings"
	"time"
	_ "time/tzdata" // golden files must not depend on the machine's zone files

	"github.com/calendarinvite/calendarinviteserver/internal/when"
)

// What the tests and the screenshots show: an event with 10,000 guests, whose names are of many scripts and lengths.

const sampleUID = "k3v9dq1p7c2m5s8x0b4n6z1r9t7w3y5h2j8f6g01"

var berlin = mustZone("Europe/Berlin")

func mustZone(name string) *time.Location {
	zone, err := time.LoadLocation(name)
	if err != nil {
		panic(err)
	}
	return zone
}

// at is a moment in March 2026 where the sample event is.
func at(day, hour, minute int) time.Time { return time.Date(2026, 3, day, hour, minute, 0, 0, berlin) }

func ada() Frame { return Frame{User: "ada@example.com"} }

func admin() Frame { return Frame{User: "Administrator", Admin: true} }

func occasion() Occasion {
	return Occasion{
		UID: sampleUID, Title: "Analytical Engine: first demonstration", When: when.New(1774515600, 1774522800, false, "Europe/Berlin", ""),
		Where: "Science Museum, Exhibition Road, London", Join: "https://meet.example.com/abc-defg-hij", State: Upcoming, Held: 3, Proposals: 2,
	}
}

func sampleAnswers() Answers {
	return Answers{Accepted: 5213, Tentative: 810, Declined: 1166, Delegated: 15, NoAction: 2796}
}

func sampleFunnel() Funnel {
	return Funnel{Invited: 9968, Sent: 9836, Bounced: 132, Current: 9280, Outdated: 556, Behind: 556, Blocked: 21}
}

// samplePeople are names of many scripts and lengths.
var samplePeople = []struct{ name, email, comment string }{
	{"Grace Hopper", "grace.hopper@navy.example", "Looking forward to it. I will bring a nanosecond."},
	{"José Luis Rodríguez Zapatero-Fernández de la Cruz y Villanueva", "joseluis@ejemplo.example", ""},
	{"נועה לוי", "noa@example.co.il", "אולי אאחר בכמה דקות"},
	{"محمد الخوارزمي", "alkhwarizmi@baghdad.example", "سأكون هناك إن شاء الله"},
	{"王小明", "xiaoming.wang@example.cn", ""},
	{"Ἀρχιμήδης", "archimedes@syrakus.example", "Don’t disturb my circles."},
	{"", "a.very.long.address.that.nobody.would.type.by.hand.but.there.it.is@department.of.long.names.example.org", ""},
	{"Анна Каренина", "anna@vokzal.example", ""},
	{"Zoë Größenwahn-Müller", "zoe@müller.example", "May my colleague come as well? She has been working on the same thing for years, and would have a lot to say about it, if there is room."},
	{"เจ้าฟ้ามงกุฎ", "mongkut@siam.example", ""},
	{"Nguyễn Thị Minh Khai", "minhkhai@saigon.example", ""},
	{"山田 太郎", "taro@example.jp", "楽しみにしています"},
	{"Charles Babbage", "charles@difference.example", ""},
	{"Ø", "o@example.no", ""},
	{"김민준", "minjun@example.kr", ""},
	{"Chimamanda Ngozi Adichie", "chimamanda@nsukka.example", ""},
	{"Олександр Усик", "usyk@kyiv.example", ""},
	{"Björk Guðmundsdóttir", "bjork@reykjavik.example", ""},
	{"श्रीनिवास रामानुजन्", "ramanujan@madras.example", "1729"},
	{"Donaudampfschifffahrtsgesellschaftskapitän", "kapitaen@donau.example", ""},
}

func sampleAttendees(n int) Attendees {
	given := []Answer{Accepted, Accepted, Tentative, Accepted, NoAction, Declined, NoAction, Accepted, Accepted, Delegated}
	list := Attendees{Matching: -1, Next: "eyJwIjoiNTAifQ"}
	for i := range n {
		p := samplePeople[i%len(samplePeople)]
		email := p.email
		if i >= len(samplePeople) {
			email = string(rune('a'+i/len(samplePeople))) + "." + email
		}
		row := AttendeeRow{Name: p.name, Email: email, Answer: given[i%len(given)], Delivery: MailDelivered}
		if row.Answer != NoAction {
			row.Grade, row.Answered, row.Comment = Proven, at(3+i%9, 8+i%12, i*7%60), p.comment
		}
		switch i % 13 {
		case 2:
			row.Grade = Probable
		case 4:
			row.Delivery = MailBounced
		case 6:
			row.Delivery = MailSoft
		case 7:
			row.Outdated = true
		case 10:
			row.Delivery, row.Blocked = MailSent, true
		}
		list.Items = append(list.Items, row)
	}
	return list
}

// sampleSeries is how answers come in: fast, slower, and again after an update.
func sampleSeries(points int) []Moment {
	all := sampleAnswers()
	var series []Moment
	for i := range points {
		x := float64(i) / float64(points-1)
		grown := 0.72*(1-math.Exp(-6*x))/(1-math.Exp(-6)) + 0.28*max(0, x-0.55)/0.45
		of := func(n int) int { return int(math.Round(float64(n) * min(grown, 1))) }
		series = append(series, Moment{
			At: at(2, 9, 0).Add(time.Duration(i) * 8 * time.Hour), Accepted: of(all.Accepted), Tentative: of(all.Tentative), Declined: of(all.Declined),
		})
	}
	return series
}

func sampleEvent() Event {
	return Event{
		Frame: ada(), Occasion: occasion(), Answers: sampleAnswers(), Funnel: sampleFunnel(), Series: sampleSeries(Points), Invites: 9968, Limit: 25000,
		Attendees: sampleAttendees(Rows),
	}
}

func sampleEvents() Events {
	named := func(uid, title, where, zone string, start int64, state EventState) Occasion {
		return Occasion{UID: uid, Title: title, Where: where, State: state, When: when.New(start, start+3600, false, zone, "")}
	}
	running := occasion()
	return Events{
		Frame: ada(), Create: "create@invites.example.org", Used: 6, Limit: 0, Next: "eyJwIjoiNiJ9",
		Items: []EventRow{
			{Occasion: running, Answers: sampleAnswers()},
			{Occasion: named("u2", "Customer webinar: what is new in spring", "https://meet.example.com/webinar", "America/New_York", 1774630800, Upcoming), Answers: Answers{Accepted: 312, Tentative: 44, Declined: 9, NoAction: 1835}},
			{Occasion: named("u3", "מפגש קהילה: בינה מלאכותית 2026", "תל אביב, רוטשילד 1", "Asia/Jerusalem", 1775030400, Upcoming), Answers: Answers{Accepted: 41, Tentative: 3, NoAction: 12}},
			{Occasion: named("u4", "Board dinner", "", "Europe/Berlin", 1775235200, Unsure)},
			{Occasion: named("u5", strings.Repeat("Donaudampfschifffahrtsgesellschaft ", 3)+"annual assembly", "Wien", "Europe/Vienna", 1772298000, Cancelled), Answers: Answers{Accepted: 90, Tentative: 10, Declined: 40, NoAction: 60}},
			{Occasion: named("u6", "Winter school", "Lübeck", "Europe/Berlin", 1770298000, Over), Answers: Answers{Accepted: 180, Tentative: 1, Declined: 18, NoAction: 1}},
		},
	}
}

func sampleAttendee() Attendee {
	return Attendee{
		Frame: ada(), Occasion: occasion(), Name: "Zoë Größenwahn-Müller", Email: "zoe@mueller.example", Origin: "mailchimpcta", Invited: at(2, 9, 4),
		Answer: Accepted, Grade: Probable, Answered: at(9, 17, 45), AnsweredBy: "zoe.private@example.net", Calendar: "Google Calendar",
		Comment: "May my colleague come as well?\nShe has been working on the same thing for years.", Delivery: MailDelivered, Queued: at(8, 9, 0), Sent: at(8, 9, 1),
		Delivered: at(8, 9, 1), Revision: 1, Current: 2,
		History: []HistoryEntry{
			{Answer: Accepted, At: at(9, 17, 45), Channel: ByMail, Grade: Probable, Calendar: "Google Calendar", By: "zoe.private@example.net", Revision: 1},
			{Answer: Declined, At: at(9, 17, 40), Channel: ByMail, Grade: Proven, Calendar: "Microsoft Exchange Server 2010", Revision: 0, Note: "older than the last answer"},
			{Answer: Tentative, At: at(4, 8, 12), Channel: ByPage, Grade: Proven, Revision: 0},
		},
	}
}

func sampleDryRun() DryRun {
	rows := []DryRow{
		{Row: 4, Email: "grace.hopper@navy", Name: "Grace Hopper", Result: DryInvalid, Explain: "This is not a valid email address."},
		{Row: 7, Email: "", Name: "Somebody", Result: DryInvalid, Explain: "There is no email address in this row."},
		{Row: 12, Email: "charles@difference.example", Name: "Charles Babbage", Result: DryAlready, Explain: "Was invited on 2 March."},
		{Row: 31, Email: "mallory@example.net", Name: "Mallory", Result: DryBlocked, Explain: "This person does not want invitations from you."},
		{Row: 32, Email: "anna@vokzal.example", Name: "Анна Каренина", Result: DryDuplicate, Explain: "This address stands in a row before, for the same event."},
		{Row: 2501, Email: "o@example.no", Name: "Ø", Result: DryLimit, Explain: "The event has no invitations left."},
	}
	for i, p := range samplePeople {
		rows = append(rows, DryRow{Row: i + 40, Email: p.email, Name: p.name, Result: DrySend})
	}
	return DryRun{
		Frame: ada(), Occasion: occasion(), Source: "spring-newsletter.csv", Reference: "mfrggzdfmztwq2lk", Rows: rows, More: 2454, All: "https://files.example.com/check.csv?signature=1&expires=2", Left: 2474,
		Counts: DryCounts{Send: 2474, Already: 1, Duplicate: 1, Blocked: 1, Invalid: 2, Limit: 1},
	}
}

func sampleShare() Share {
	return Share{
		Frame: ada(), Occasion: occasion(), InviteLink: "https://api.example.org/event/" + sampleUID + "/invite", Origin: "mailchimpcta", Landing: "https://shop.example.com/thanks",
		Hosts: []string{"shop.example.com", "www.example.com"}, GuestPage: "https://api.example.org/e/" + sampleUID, QR: EventPath(sampleUID, "share", "qr.svg"),
	}
}

func sampleGuests() Guests {
	return Guests{
		Frame: ada(), Occasion: occasion(), Items: []Guest{
			{Name: "Grace Hopper", Email: "grace.hopper@example.com", Invited: "charles@example.com", Answer: Accepted, At: at(9, 8, 5), Comment: "Charles told me about it.\nMay I come?", State: GuestHeld, Key: "grace.hopper@example.com"},
			{Email: strings.Repeat("z", 60) + "@example.com", Invited: "charles@example.com", Answer: Tentative, At: at(9, 9, 15), State: GuestHeld, Key: "2"},
			{Name: "נועה לוי", Email: "noa@example.com", Invited: "charles@example.com", Answer: Accepted, At: at(7, 9, 15), State: GuestAdmitted, Key: "3"},
			{Name: "Mallory", Email: "mallory@example.net", Answer: Declined, At: at(6, 9, 15), State: GuestRefused, Key: "4"},
		},
	}
}

func sampleProposals() Proposals {
	return Proposals{
		Frame: ada(), Occasion: occasion(), Items: []Proposal{
			{Name: "Grace Hopper", Email: "grace.hopper@example.com", Proposed: when.New(1774537200, 1774544400, false, "Europe/Berlin", ""), At: at(9, 8, 5), Comment: "My train arrives at three.\nThe later the better!", State: ProposalOpen, Key: "grace.hopper@example.com"},
			{Email: strings.Repeat("z", 40) + "@example.com", Proposed: when.New(1775120400, 0, false, "Europe/Berlin", ""), At: at(8, 8, 5), State: ProposalOpen, Key: "2"},
			{Name: "נועה לוי", Email: "noa@example.com", Proposed: when.New(1774604400, 1774611600, false, "Asia/Jerusalem", ""), At: at(7, 8, 5), Comment: "אולי מחר?", State: ProposalDeclined, Key: "3"},
			{Name: "Charles Babbage", Email: "charles@difference.example", Proposed: when.New(1774512000, 1774519200, false, "Europe/London", ""), At: at(5, 8, 5), State: ProposalOver, Key: "4"},
		},
	}
}

func sampleSystem() System {
	var series []SystemMoment
	for i := range Points {
		week := 0.55 + 0.45*math.Sin(float64(i)*2*math.Pi/7)
		invites := int(9000 * week * (1 + float64(i)/80))
		series = append(series, SystemMoment{At: time.Date(2026, 2, 11+i, 0, 0, 0, 0, time.UTC), Invites: invites, Answers: invites * 6 / 10, Bounces: invites / 70})
	}
	return System{
		Frame: admin(), Events: 1284, Organizers: 317, Attendees: 842_114, Invites: 861_903, Answers: Answers{Accepted: 412_000, Tentative: 60_120, Declined: 91_300, Delegated: 310, NoAction: 278_384},
		Blocked: 1204, Series: series, Rates: Rates{Bounce: 0.0134, Complaint: 0.0019, Known: true}, Failed: 3, At: at(12, 10, 15),
		Queues: []Queue{
			{Name: "Bulk invitations", Running: 4, Oldest: at(12, 10, 4)},
			{Name: "Event updates", Running: 1},
			{Name: "Delivery feedback", Dead: 2, Oldest: at(12, 10, 14)},
			{Name: "Webhooks"},
		},
	}
}

func sampleOrganizers() Organizers {
	return Organizers{
		Frame: admin(), Next: "eyJwIjoiNTAifQ", Items: []OrganizerRow{
			{Name: "Ada Lovelace", Email: "ada@example.com", Events: 6, Invites: 12_480, Last: at(12, 9, 30), Standings: Standings{Bulk: at(1, 8, 0), Subscription: at(1, 8, 0), Product: "Calendar Invite Pro", Order: "#1042"}},
			{Name: "", Email: "events@a-company-with-a-rather-long-name.example.co.uk", Events: 41, Invites: 210_334, Last: at(11, 16, 2), Standings: Standings{Bulk: at(1, 8, 0)}},
			{Name: "נועה לוי", Email: "noa@example.co.il", Events: 2, Invites: 56, Last: at(10, 7, 0)},
			{Name: "Mallory", Email: "mallory@example.net", Events: 5, Invites: 2500, Last: at(2, 3, 4), Standings: Standings{Suspended: at(3, 12, 0)}},
		},
	}
}

func sampleOrganizer() Organizer {
	return Organizer{
		Frame: admin(), Name: "Ada Lovelace", Email: "ada@example.com", Events: 6, EventLimit: 5, Attendees: 12_441, Invites: 12_480,
		Answers: Answers{Accepted: 6100, Tentative: 920, Declined: 1310, Delegated: 15, NoAction: 4096}, Bounced: 160, Blocked: 24,
		Standings: Standings{Bulk: at(1, 8, 0), Subscription: at(1, 8, 0), Product: "Calendar Invite Pro", Order: "#1042"},
	}
}

func sampleExecutions() Executions {
	return Executions{
		Frame: admin(), Items: []ExecutionRow{
			sampleExecution().Row,
			{ID: "event-update:2", Name: "p7c2m5s8x0b4n6z1r9t7w3y5h2j8f6g01k3v9dq1", Workflow: "Event update", Outcome: "TIMED_OUT", Error: "States.Timeout", Stopped: at(11, 4, 0)},
			{ID: "webhook-delivery:3", Name: "s8x0b4n6z1r9t7w3y5h2j8f6g01k3v9dq1p7c2m5", Workflow: "Webhook delivery", Outcome: "ABORTED", Stopped: at(10, 4, 0)},
		},
	}
}

func sampleExecution() Execution {
	return Execution{
		Frame: admin(), Started: at(12, 4, 11), State: "SendInvitations",
		Row:   ExecutionRow{ID: "bulk-invites:1", Name: "k3v9dq1p7c2m5s8x0b4n6z1r9t7w3y5h2j8f6g01", Workflow: "Bulk invitations", Outcome: "FAILED", Error: "Unavailable", Stopped: at(12, 4, 14)},
		Cause: `{"errorMessage":"send batch 14: ses: SendEmail: the service does not answer","errorType":"Unavailable","requestId":"2f0c8a1e-8a55-4c1e-9e6b-0a9d3f0d7f11"}`,
		Input: `{"messageId":"k3v9dq1p7c2m5s8x0b4n6z1r9t7w3y5h2j8f6g01","bucket":"mail","key":"bulk_event_invites/k3v9dq1p7c2m5s8x0b4n6z1r9t7w3y5h2j8f6g01","list":{"rows":2480,"accepted":2474,"rejected":6},"organizer":"ada@example.com","tenant":"default"}`,
	}
}

// smallEvent is the sample with few rows, for golden files of the event's other states.
func smallEvent() Event {
	e := sampleEvent()
	e.Series, e.Attendees = sampleSeries(3), sampleAttendees(3)
	return e
}
