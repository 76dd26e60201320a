package notify

import (
	"github.com/calendarinvite/calendarinviteserver/internal/bulk"
	"github.com/calendarinvite/calendarinviteserver/internal/imip"
	"github.com/calendarinvite/calendarinviteserver/internal/invite"
)

// saveAsCSV is how to come from a spreadsheet to a list.
const saveAsCSV = "In Excel, choose File > Save As and the type “CSV UTF-8”; in Google Sheets, File > Download > Comma-separated values; in Numbers, File > Export To > CSV."

// bulkReasons are by the reason words of bulk, imip and invite. Sentences speak to someone who knows their spreadsheet.
var bulkReasons = reasons{map[string]explanation{
	bulk.ReasonNoCSV: {
		"Your mail had no CSV file attached.",
		"Attach the list to your mail as a file whose name ends in .csv, and send it to {bulk}. " + saveAsCSV,
	},
	bulk.ReasonSpreadsheet: {
		"The file in your mail is a spreadsheet. We read lists as CSV files only.",
		saveAsCSV + " Then attach the new file, whose name ends in .csv, and send it to {bulk}.",
	},
	bulk.ReasonWinmail: {
		"Your mail came as winmail.dat, a format that only Outlook can open, so we could not see the list in it.",
		"In Outlook, open File > Options > Mail and choose HTML under “Compose messages in this format”. Then send the list to {bulk} again.",
	},
	bulk.ReasonSeveralCSV: {
		"Your mail had several CSV files attached, so we used none of them.",
		"Send each list in a mail of its own, or put all rows into one file: a list may have rows for several events.",
	},
	bulk.ReasonEmptyList: {
		"Your list is empty.",
		"Below the line with the names of the columns, add a row for every guest, with the Event ID and the address.",
	},
	bulk.ReasonNoHeader: {
		"The first line of your list does not name its columns, or none of them is called email.",
		"Make uid,email,name the first line. The columns may stand in any order, and name may be missing.",
	},
	bulk.ReasonNoEvent: {
		"Your list does not say which event it is for.",
		"Add a column called uid, with the Event ID in every row, or write the Event ID into the subject of your mail. It is in the mail that confirmed your event.",
	},
	bulk.ReasonTooManyRows: {
		"Your list has more than 100,000 rows.",
		"Split it into several files, each with the first line uid,email,name, and send each in a mail of its own.",
	},
	bulk.ReasonNotText: {
		"We could not read your list: it is damaged, or not a CSV file.",
		"Save it as CSV once more, and send the new file to {bulk}. " + saveAsCSV,
	},
	imip.ReasonTooLarge: {
		"Your mail is larger than we accept: 10 MB for the whole mail.",
		"Leave out all columns but uid, email and name. If it still is too large, split it into several files, each with that first line, and send each in a mail of its own.",
	},
	imip.ReasonEncrypted: {
		"Your mail is encrypted, or signed in a way that hides what is in it, so we could not read the list.",
		"Switch off encryption for this mail, and S/MIME signing unless it is “clear signed”, and send the list to {bulk} again.",
	},
	invite.ReasonSuspended: {
		"Your account is suspended, so we send no invitations for you.",
		"Please write to support.",
	},
}, explanation{
	"We could not use the list in your mail.",
	"Attach one CSV file with the first line uid,email,name to a new mail, and send it to {bulk}.",
}}
