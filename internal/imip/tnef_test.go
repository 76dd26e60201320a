package imip

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

// tnefWriter builds a TNEF stream.
type tnefWriter struct{ bytes.Buffer }

func (w *tnefWriter) put(values ...any) *tnefWriter {
	for _, v := range values {
		if text, ok := v.(string); ok {
			w.WriteString(text)
			continue
		}
		_ = binary.Write(w, binary.LittleEndian, v)
	}
	return w
}

func (w *tnefWriter) attribute(id uint32, value []byte) *tnefWriter {
	return w.put(byte(levelMessage), id, uint32(len(value)), value, uint16(0))
}

func tnefTime(t time.Time) uint64 { return uint64(t.Unix()+11644473600) * 10_000_000 }

// meetingTNEF is a meeting request as Exchange writes it.
func meetingTNEF(start time.Time) []byte {
	var props tnefWriter
	set := string(appointmentProperties)
	location := utf16LE("Käsekeller\x00")
	props.put(uint32(6),
		uint16(0x0003), uint16(0x0017), uint32(1), // importance
		uint16(0x000b), uint16(0x8001), set, uint32(0), uint32(0x8215), uint32(0), // all day: no
		uint16(typeUnicode), uint16(0x8002), set, uint32(0), uint32(0x8208), uint32(1), uint32(len(location)), location, strings.Repeat("\x00", -len(location)&3),
		uint16(typeSysTime), uint16(0x8003), set, uint32(0), uint32(0x820d), tnefTime(start),
		uint16(typeSysTime), uint16(0x8004), set, uint32(0), uint32(0x820e), tnefTime(start.Add(time.Hour)),
		uint16(typeString8), uint16(0x8005), strings.Repeat("\x01", 16), uint32(1), uint32(8), utf16LE("name"), uint32(1), uint32(3), "abc\x00")
	var w tnefWriter
	w.put(string(tnefSignature), uint16(1))
	w.attribute(attOemCodepage, []byte{0xe4, 4, 0, 0, 0, 0, 0, 0}) // 1252
	w.attribute(attMessageClass, []byte("IPM.Microsoft Schedule.MtgReq\x00"))
	w.attribute(attSubject, []byte("K\xe4se\x00"))
	w.attribute(attMsgProps, props.Bytes())
	return w.Bytes()
}

func TestOutlookItem(t *testing.T) {
	start := time.Date(2025, 3, 1, 10, 0, 0, 0, time.UTC)
	mail := from + multi("mixed", "o", textPart, part("application/ms-tnef; name=winmail.dat", base64.StdEncoding.EncodeToString(meetingTNEF(start)), base64Header))
	m, err := Read([]byte(mail), Limits{})
	if err != nil {
		t.Fatal(err)
	}
	got, ok := m.OutlookItem()
	want := OutlookItem{Class: "IPM.Microsoft Schedule.MtgReq", Subject: "Käse", Location: "Käsekeller", Start: start, End: start.Add(time.Hour)}
	if !ok || got != want || !got.Meeting() {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
	if m, _ := Read([]byte(from+textPart), Limits{}); m != nil {
		if _, ok := m.OutlookItem(); ok {
			t.Error("an item in a mail without winmail.dat")
		}
	}
}

func TestOutlookItemOfRealMails(t *testing.T) {
	dir := corpusDir(t)
	for file, want := range map[string]OutlookItem{
		"tnef-small.eml":    {Class: "IPM.Microsoft Mail.Note", Subject: "one-file"},
		"tnef-richtext.eml": {Class: "IPM.Microsoft Mail.Note", Subject: "Winmail Test"},
	} {
		raw, err := os.ReadFile(filepath.Join(dir, "not-invites", file))
		if err != nil {
			t.Fatal(err)
		}
		m, err := Read(raw, Limits{})
		if err != nil {
			t.Fatal(err)
		}
		if got, _ := m.OutlookItem(); got != want || got.Meeting() {
			t.Errorf("%s: got %+v, want %+v", file, got, want)
		}
	}
}

// FuzzTNEF checks that any bytes are read without a panic and to short valid texts.
func FuzzTNEF(f *testing.F) {
	full := meetingTNEF(time.Date(2025, 3, 1, 10, 0, 0, 0, time.UTC))
	f.Add(full)
	f.Add(full[:len(full)/2])
	f.Add(tnefSignature)
	f.Fuzz(func(t *testing.T, data []byte) {
		item := readTNEF(data)
		for _, s := range []string{item.Class, item.Subject, item.Location} {
			if !utf8.ValidString(s) || len(s) > 8*maxTNEFText {
				t.Errorf("%q", s)
			}
		}
		if item.Start.Year() > 70000 {
			t.Errorf("start %v", item.Start)
		}
	})
}
