package imip

import (
	"bytes"
	"encoding/binary"
	"strconv"
	"strings"
	"time"
)

// tnefSignature starts every TNEF stream ([MS-OXTNEF] 2.1.3.1).
var tnefSignature = []byte{0x78, 0x9f, 0x3e, 0x22}

// isTNEF recognises Outlook's winmail.dat by its type, its name or its first bytes.
func isTNEF(p *Part) bool {
	switch p.Type {
	case "application/ms-tnef", "application/vnd.ms-tnef":
		return true
	}
	return strings.EqualFold(p.Filename, "winmail.dat") || bytes.HasPrefix(p.Body, tnefSignature)
}

// OutlookItem is what a winmail.dat says about itself: enough to tell its sender which meeting could not be read, not enough to
// act on (the time zone, the recurrence and the UID stay inside).
type OutlookItem struct {
	Class    string // message class, such as IPM.Microsoft Schedule.MtgReq
	Subject  string
	Location string
	Start    time.Time // UTC; zero when absent
	End      time.Time
}

// Meeting reports whether the item is a meeting request, answer or cancellation ([MS-OXOCAL] 2.2).
func (o OutlookItem) Meeting() bool {
	class := strings.ToLower(o.Class)
	return strings.HasPrefix(class, "ipm.schedule.meeting") || strings.HasPrefix(class, "ipm.microsoft schedule.mtg") || strings.HasPrefix(class, "ipm.appointment")
}

// Attributes of a TNEF stream ([MS-OXTNEF] 2.1.3.2).
const (
	attSubject      = 0x00018004
	attMessageClass = 0x00078008
	attMsgProps     = 0x00069003
	attOemCodepage  = 0x00069007

	levelMessage      = 1
	maxTNEFAttributes = 1000
	maxTNEFText       = 1000 // characters of a text that is kept
)

// OutlookItem reads the message's winmail.dat as far as it can be read; false when there is none.
func (m *Message) OutlookItem() (OutlookItem, bool) {
	for i := range m.Parts {
		if p := &m.Parts[i]; isTNEF(p) && !p.InsideRFC822 {
			return readTNEF(p.Body), true
		}
	}
	return OutlookItem{}, false
}

// readTNEF reads the attributes of the message in a TNEF stream. It stops, with what it has, where the stream stops making sense.
func readTNEF(data []byte) OutlookItem {
	var item OutlookItem
	if !bytes.HasPrefix(data, tnefSignature) {
		return item
	}
	r := tnefReader{data: data[len(tnefSignature):], codepage: "windows-1252"}
	r.bytes(2) // the key, which nobody needs
	for range maxTNEFAttributes {
		level, id, length := r.bytes(1), r.uint32(), r.uint32()
		value := r.bytes(int(length))
		r.bytes(2) // checksum
		if r.failed || level[0] != levelMessage {
			break
		}
		switch id {
		case attOemCodepage:
			if len(value) >= 4 {
				r.codepage = "cp" + strconv.Itoa(int(binary.LittleEndian.Uint32(value)))
			}
		case attSubject:
			item.Subject = r.text(value, false)
		case attMessageClass:
			item.Class = r.text(value, false)
		case attMsgProps:
			props := tnefReader{data: value, codepage: r.codepage}
			props.properties(&item)
		}
	}
	return item
}

// Property types ([MS-OXCDATA] 2.11.1).
const (
	typeString8  = 0x001e
	typeUnicode  = 0x001f
	typeSysTime  = 0x0040
	typeMultiple = 0x1000
)

// appointmentProperties is PSETID_Appointment ([MS-OXPROPS] 1.3.2).
var appointmentProperties = []byte{0x02, 0x20, 0x06, 0x00, 0x00, 0x00, 0x00, 0x00, 0xc0, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x46}

// properties reads a list of MAPI properties ([MS-OXTNEF] 2.1.3.4).
func (r *tnefReader) properties(item *OutlookItem) {
	for n := r.uint32(); n > 0 && !r.failed && len(r.data) > 0; n-- {
		kind, id := r.uint16(), uint32(r.uint16())
		if id >= 0x8000 { // named: the name is a number or a text within a set
			set := r.bytes(16)
			if isText := r.uint32() == 1; isText {
				r.padded(int(r.uint32()))
				id = 0
			} else if id = r.uint32(); !bytes.Equal(set, appointmentProperties) {
				id = 0
			}
		}
		value := r.value(kind)
		if r.failed {
			return
		}
		switch {
		case (id == 0x0037 || id == 0x0070 && item.Subject == "") && isString(kind): // PidTagSubject, PidTagConversationTopic
			item.Subject = r.text(value, kind == typeUnicode)
		case id == 0x001a && isString(kind): // PidTagMessageClass
			item.Class = r.text(value, kind == typeUnicode)
		case id == 0x8208 && isString(kind): // PidLidLocation
			item.Location = r.text(value, kind == typeUnicode)
		case (id == 0x820d || id == 0x0060 && item.Start.IsZero()) && kind == typeSysTime: // PidLidAppointmentStartWhole, PidTagStartDate
			item.Start = fileTime(value)
		case (id == 0x820e || id == 0x0061 && item.End.IsZero()) && kind == typeSysTime: // PidLidAppointmentEndWhole, PidTagEndDate
			item.End = fileTime(value)
		}
	}
}

func isString(kind uint16) bool { return kind == typeString8 || kind == typeUnicode }

// value reads one property's value; of several, the last.
func (r *tnefReader) value(kind uint16) []byte {
	count := uint32(1)
	width := 0
	switch kind &^ typeMultiple {
	case 0x0002, 0x0003, 0x0004, 0x000a, 0x000b: // numbers and booleans, padded to 4 bytes
		width = 4
	case 0x0005, 0x0006, 0x0007, 0x0014, typeSysTime:
		width = 8
	case 0x0048: // GUID
		width = 16
	case 0x000d, typeString8, typeUnicode, 0x0102: // objects, texts and bytes state a count and their length
		count = r.uint32()
	default:
		r.failed = true
	}
	if kind&typeMultiple != 0 && width > 0 {
		count = r.uint32()
	}
	var value []byte
	for ; count > 0 && !r.failed; count-- {
		if width > 0 {
			value = r.bytes(width)
		} else {
			value = r.padded(int(r.uint32()))
		}
	}
	return value
}

// fileTime converts 100-nanosecond units since 1601 ([MS-DTYP] 2.3.3).
func fileTime(value []byte) time.Time {
	const unixEpoch = 11644473600 // seconds from 1601 to 1970
	seconds := int64(binary.LittleEndian.Uint64(value)/10_000_000) - unixEpoch
	return time.Unix(seconds, 0).UTC()
}

// tnefReader reads little-endian values; after the end it fails and returns zeros.
type tnefReader struct {
	data     []byte
	codepage string
	failed   bool
}

func (r *tnefReader) bytes(n int) []byte {
	if n < 0 || n > len(r.data) {
		r.failed, r.data = true, nil
		if n < 0 || n > 16 {
			n = 0
		}
		return make([]byte, n)
	}
	value := r.data[:n]
	r.data = r.data[n:]
	return value
}

// padded reads n bytes and what fills them up to a multiple of four.
func (r *tnefReader) padded(n int) []byte {
	value := r.bytes(n)
	if fill := -n & 3; fill <= len(r.data) {
		r.bytes(fill)
	}
	return value
}

func (r *tnefReader) uint16() uint16 { return binary.LittleEndian.Uint16(r.bytes(2)) }
func (r *tnefReader) uint32() uint32 { return binary.LittleEndian.Uint32(r.bytes(4)) }

// text decodes a text that ends with a zero.
func (r *tnefReader) text(value []byte, unicode bool) string {
	charset := r.codepage
	if unicode {
		charset = "utf-16le"
		value = append([]byte{0xff, 0xfe}, value[:min(len(value), 2*maxTNEFText)]...)
	}
	text := decodeText(value[:min(len(value), 2*maxTNEFText)], charset)
	text, _, _ = strings.Cut(text, "\x00")
	return strings.TrimSpace(text)
}
