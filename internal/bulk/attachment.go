package bulk

import (
	"bytes"
	"path"
	"slices"
	"strings"

	"github.com/calendarinvite/calendarinviteserver/internal/imip"
)

// listTypes are the media types of CSV files (RFC 4180 §3, and what else is in use). Windows calls them application/vnd.ms-excel where
// Excel is installed, so that type says little.
var listTypes = []string{
	"text/csv", "text/x-csv", "application/csv", "application/x-csv", "text/comma-separated-values", "text/x-comma-separated-values",
	"text/tab-separated-values", "application/vnd.ms-excel",
}

var workbookTypes = []string{
	"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "application/vnd.ms-excel.sheet.macroenabled.12",
	"application/vnd.ms-excel.sheet.binary.macroenabled.12", "application/vnd.oasis.opendocument.spreadsheet",
	"application/vnd.apple.numbers", "application/x-iwork-numbers-sffnumbers",
}

var (
	listNames     = []string{".csv", ".tsv", ".tab"}
	workbookNames = []string{".xlsx", ".xls", ".xlsm", ".xlsb", ".ods", ".numbers"}
)

// Attachment is the list among the parts of a mail: a CSV file, wherever in the message it is; else a text file, or what only has the
// name of a spreadsheet, if its first row names the columns; else the text of the mail itself, if its first row names uid and email.
// What stands in a message that is attached counts when there is nothing else. The same file twice is one.
// Faults InvalidRequest: ReasonSeveralCSV, ReasonSpreadsheet, ReasonWinmail, ReasonNoCSV.
func Attachment(m *imip.Message) (imip.Part, error) {
	for _, within := range []bool{false, true} {
		for _, kind := range []func(*imip.Part) bool{isList, isListInDisguise, isListInline} {
			found := different(m.Parts, func(p *imip.Part) bool { return p.InsideRFC822 == within && kind(p) })
			if len(found) == 1 {
				return *found[0], nil
			}
			if len(found) > 1 {
				return imip.Part{}, refuse(ReasonSeveralCSV)
			}
		}
	}
	switch {
	case slices.ContainsFunc(m.Parts, func(p imip.Part) bool { return isWorkbook(&p) }):
		return imip.Part{}, refuse(ReasonSpreadsheet)
	case m.TNEF:
		return imip.Part{}, refuse(ReasonWinmail)
	}
	return imip.Part{}, refuse(ReasonNoCSV)
}

// different are up to two parts that fit and are not the same.
func different(parts []imip.Part, fits func(*imip.Part) bool) (found []*imip.Part) {
	for i := range parts {
		if p := &parts[i]; len(found) < 2 && fits(p) && (len(found) == 0 || !bytes.Equal(found[0].Body, p.Body)) {
			found = append(found, p)
		}
	}
	return found
}

// isList reports whether the part is a CSV file by its name or type.
func isList(p *imip.Part) bool {
	if isWorkbook(p) {
		return false
	}
	return slices.Contains(listNames, extension(p)) || slices.Contains(listTypes, p.Type) && !slices.Contains(workbookNames, extension(p))
}

// isListInDisguise reports whether the part is an attached text file, or claims to be a spreadsheet, and is a list. Other text files come
// along with mails as well: signatures, footers of mailing lists.
func isListInDisguise(p *imip.Part) bool {
	name := extension(p)
	if workbook(p.Body) || name != ".txt" && !slices.Contains(workbookNames, name) {
		return false
	}
	_, err := Rows(p.Body, Options{UID: "any", Charset: p.Params["charset"]})
	return err == nil
}

// isListInline reports whether the part is the text of the mail and is a list: some programs put a text file there.
func isListInline(p *imip.Part) bool {
	if p.Type != "text/plain" || p.Filename != "" || p.Disposition == "attachment" {
		return false
	}
	_, err := Rows(p.Body, Options{Charset: p.Params["charset"]})
	return err == nil
}

// isWorkbook reports whether the part is a spreadsheet document.
func isWorkbook(p *imip.Part) bool {
	if slices.Contains(workbookTypes, p.Type) {
		return true
	}
	name := extension(p)
	if slices.Contains(workbookNames, name) {
		return !isListInDisguise(p)
	}
	return workbook(p.Body) && (slices.Contains(listNames, name) || slices.Contains(listTypes, p.Type))
}

// extension is the end of a part's file name in lower case, with its dot.
func extension(p *imip.Part) string {
	return strings.ToLower(path.Ext(strings.TrimRight(p.Filename, " .\"")))
}
