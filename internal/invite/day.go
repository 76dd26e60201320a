package invite

// Day is what came in on one day, in UTC.
//
// A tenant's day only grows: an answer that is changed later came in twice. An event's has nothing but Answers, and those are by how much
// the counts moved on that day, so that the days up to one add up to the answers as they were then.
type Day struct {
	Date       string         `json:"date"` // 2026-04-01
	Events     int            `json:"events,omitempty"`
	Invites    int            `json:"invites,omitempty"`
	Answers    map[string]int `json:"answers,omitempty"` // by itip.Status; never noaction
	Bounced    int            `json:"bounced,omitempty"`
	Complained int            `json:"complained,omitempty"`
}
