// Package bulk is about lists of people to invite: it finds the CSV in a mail, reads what spreadsheets and mail programs make of such
// a file, checks every row, and tells the organizer what became of each. Nothing here holds more than a row at a time, and one mark
// for each row.
package bulk

import "github.com/calendarinvite/calendarinviteserver/internal/fault"

// MaxRows is the most rows that a list may have, the header and empty rows not counted (spec §2).
const MaxRows = 100_000

// Row is a row of a list, as its sender wrote it but for space around the values.
type Row struct {
	Number  int // as a spreadsheet shows it: the first row, which most often is the header, is 1
	UID     string
	Email   string // the address alone, also where the cell has a name before it
	Name    string // one line; empty when there is none
	Problem string // ReasonQuote, ReasonNotText or ReasonTooLong when the row could not be read; the other fields may be wrong then
}

// Item is an invitation to send: a line of the accepted rows' file, and an item of the batches made from it.
type Item struct {
	Row   int    `json:"row"`
	UID   string `json:"uid"`
	Email string `json:"email"` // in normal form (invite.ParseAddress)
	Name  string `json:"name,omitempty"`
}

// Batch is what a child of the Distributed Map is started with. Step Functions writes Items with a capital letter.
// https://docs.aws.amazon.com/step-functions/latest/dg/input-output-itembatcher.html
type Batch struct {
	Items []Item `json:"Items"`
}

// Result is what became of an Item. The answer to a Batch is a JSON array of one for each.
type Result struct {
	Row    int    `json:"row"`
	UID    string `json:"uid"`
	Email  string `json:"email"`
	Result string `json:"result"`
	Reason string `json:"reason,omitempty"`
}

// Results of an Item.
const (
	Sent    = "sent"
	Already = "already" // invited before
	Blocked = "blocked" // this person does not want mail from this organizer
	Invalid = "invalid" // nothing can be sent; Reason says why
	Limit   = "limit"   // the event's invite limit
	Failed  = "failed"  // a service did not do it; with ReasonRefused for good, else another pass may
)

// Unsettled reports whether another pass over the same list may send what this one did not.
func (r Result) Unsettled() bool { return r.Result == Failed && r.Reason != ReasonRefused }

// Rejected is a row that no invitation is made from: a line of the rejected rows' file.
type Rejected struct {
	Row    int    `json:"row"`
	UID    string `json:"uid"`   // as it was written, cut to a length; in normal form where Known
	Email  string `json:"email"` // as it was written, cut to a length
	Reason string `json:"reason"`
	Known  bool   `json:"known,omitempty"` // UID is an event of the sender's: it counts there
}

// Reasons why rows are rejected or not sent, beside those of package invite.
const (
	ReasonNoAddress     = "no-address"
	ReasonDuplicate     = "duplicate"       // the same event and address as in a row before
	ReasonTooManyEvents = "too-many-events" // more than MaxEvents in one list
	ReasonQuote         = "unclosed-quote"  // a quote opens and is not closed; the row after it is read again
	ReasonNotText       = "not-text"        // a NUL byte; also of a whole list
	ReasonTooLong       = "too-long"        // a cell of more than 64 KiB, or a row of more than 256 KiB

	ReasonRefused     = "refused"     // SES will never take this mail
	ReasonUnavailable = "unavailable" // a service did not answer, or asked for less
	ReasonNotStarted  = "not-started" // the run ended before this row's turn
)

// Reasons of faults: why a whole list is refused.
const (
	ReasonNoCSV       = "no-csv"
	ReasonSpreadsheet = "spreadsheet"
	ReasonWinmail     = "winmail-dat"
	ReasonSeveralCSV  = "several-csv"
	ReasonEmptyList   = "empty-list"
	ReasonNoHeader    = "no-header"
	ReasonNoEvent     = "no-event"
	ReasonTooManyRows = "too-many-rows"
)

var publicReasons = map[string]string{
	ReasonNoCSV:       "Your message has no list in it. Attach a CSV file with the columns uid, email and name, and send it again.",
	ReasonSpreadsheet: "Your list came as a spreadsheet document. Save it as CSV (Excel: File, Save As, \"CSV UTF-8\"; Google Sheets: File, Download, Comma-separated values; Numbers: File, Export To, CSV) and send that file.",
	ReasonWinmail:     "Outlook sent your list as winmail.dat, which only Outlook can read. In Outlook choose Format Text, HTML for the message, attach the CSV file again and send it.",
	ReasonSeveralCSV:  "Your message has more than one list in it, so it is not clear which one you mean. Send each CSV file in a message of its own.",
	ReasonEmptyList:   "The list in your message is empty. Below the line with the names of the columns, each row needs the event's uid and an email address.",
	ReasonNoHeader:    "The first row of your list has to name its columns, and one of them has to be email: for example uid,email,name. Add that row and send the list again.",
	ReasonNoEvent:     "Your list does not say which event it is for. Add a column uid with the event's uid in every row, or write the uid into the subject of the message.",
	ReasonTooManyRows: "Your list has more than 100,000 rows. Divide it and send each part in a message of its own.",
	ReasonNotText:     "The list in your message is not a text file, or arrived damaged. Save it as CSV and send it again.",
}

// refuse is the fault for a list that is refused as a whole.
func refuse(reason string) *fault.Error {
	return fault.New(fault.InvalidRequest, reason, publicReasons[reason])
}
