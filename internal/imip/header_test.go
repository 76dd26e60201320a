package imip

import (
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"
)

func TestDecodeWords(t *testing.T) {
	for _, tt := range []struct{ in, want string }{
		{"", ""},
		{"plain text ", "plain text "},
		{"=?UTF-8?Q?K=C3=A4se?=", "Käse"},
		{"=?utf-8?B?S8Okc2U=?=", "Käse"},
		{"=?iso-8859-1?q?K=E4se_und_Wein?= heute", "Käse und Wein heute"},
		{"=?utf-8*de?Q?K=C3=A4se?=", "Käse"},              // RFC 2231 §5
		{"=?utf-8?Q?K=C3?= =?utf-8?Q?=A4se?=", "Käse"},    // a character cut in two
		{"=?utf-8?Q?a?=  =?iso-8859-1?Q?=E4?= b", "aä b"}, // RFC 2047 §6.2
		{"a =?utf-8?Q?b?= c =?utf-8?Q?d?=", "a b c d"},
		{"a=?utf-8?Q?b?=c", "abc"},             // no space around
		{"=?utf-8?Q?two words?=", "two words"}, // a space inside
		{"=?utf-8?Q?Lunch??=", "Lunch?"},       // a question mark inside
		{"=?utf-8?B?S8Okc2U?=", "Käse"},        // no padding
		{"=?utf-8?X?abc?=", "=?utf-8?X?abc?="}, // no such encoding
		{"=?utf-8?Q?never ends", "=?utf-8?Q?never ends"},
		{"=?=?=?=?=", "=?=?=?=?="},
		{"=??Q?x?=", "=??Q?x?="}, // no charset
		{"=?x-nobody-knows?Q?K=C3=A4se?=", "Käse"},
		{"=?utf-8?Q?=zz=4?=", "=zz=4"}, // broken escapes
		{"K\xe4se", "Käse"},            // raw 8-bit
		{"Käse", "Käse"},               // raw UTF-8 (RFC 6532)
		{"=?iso-2022-jp?B?GyRCMnE1RBsoQg==?=", "会議"},
		{"***SPAM*** =?UTF-8?Q?Invitation?= : x", "***SPAM*** Invitation : x"},
	} {
		if got := decodeWords(tt.in); got != tt.want {
			t.Errorf("%q: got %q, want %q", tt.in, got, tt.want)
		}
	}
}

func TestParseParams(t *testing.T) {
	for _, tt := range []struct {
		in, value string
		params    map[string]string
	}{
		{"", "", nil},
		{"text/calendar", "text/calendar", nil},
		{"Text/Calendar; CHARSET=UTF-8; Method=\"REQUEST\"", "text/calendar", map[string]string{"charset": "UTF-8", "method": "REQUEST"}},
		{"text/calendar;charset=utf-8;", "text/calendar", map[string]string{"charset": "utf-8"}},
		{"text/calendar;; ;method = REQUEST ; x", "text/calendar", map[string]string{"method": "REQUEST"}},
		{"text/plain; charset=us-ascii (Plain text)", "text/plain", map[string]string{"charset": "us-ascii"}},
		{"text/calendar; name=My Event (1).ics; method=REQUEST", "text/calendar", map[string]string{"name": "My Event (1).ics", "method": "REQUEST"}},
		{`attachment; filename="a;b \"c\".ics"; size=3`, "attachment", map[string]string{"filename": `a;b "c".ics`, "size": "3"}},
		{`attachment; filename="never closed`, "attachment", map[string]string{"filename": "never closed"}},
		{`attachment; filename="=?utf-8?Q?K=C3=A4se.ics?="`, "attachment", map[string]string{"filename": "Käse.ics"}},
		{"text/calendar; method=REQUEST; method=CANCEL", "text/calendar", map[string]string{"method": "REQUEST"}},
		// RFC 2231
		{"attachment; filename*=UTF-8''K%C3%A4se.ics", "attachment", map[string]string{"filename": "Käse.ics"}},
		{"attachment; filename*=iso-8859-1'de'K%E4se.ics; filename=fallback.ics", "attachment", map[string]string{"filename": "Käse.ics"}},
		{`attachment; filename*0="long "; filename*1="name"; filename*2=".ics"`, "attachment", map[string]string{"filename": "long name.ics"}},
		{"attachment; filename*1*=%A4se.ics; filename*0*=utf-8''K%C3", "attachment", map[string]string{"filename": "Käse.ics"}},
		{"attachment; filename*999999999999=x; filename*-1=y; filename*x=z", "attachment", nil},
	} {
		value, params := parseParams(tt.in)
		if value != tt.value || !reflect.DeepEqual(params, tt.params) {
			t.Errorf("%q: got %q %q, want %q %q", tt.in, value, params, tt.value, tt.params)
		}
	}
}

func TestParseAddresses(t *testing.T) {
	for _, tt := range []struct{ in, want string }{
		{"", ""},
		{"ada@example.com", "ada@example.com"},
		{"<ada@example.com>", "ada@example.com"},
		{" < Ada@Example.com > ", "Ada@Example.com"},
		{"Ada Ng <ada@example.com>", "Ada Ng|ada@example.com"},
		{"Blair E.Ross <Ross@example.com>", "Blair E.Ross|Ross@example.com"},
		{`"Ng, Ada" <ada@example.com>`, "Ng, Ada|ada@example.com"},
		{`"Ada \"A\" Ng" <ada@example.com>`, `Ada "A" Ng|ada@example.com`},
		{"Ng, Ada <ada@example.com>", "Ng, Ada|ada@example.com"},
		{"ada@example.com (Ada Ng)", "Ada Ng|ada@example.com"},
		{"ada@example.com (Ada (the \\(first\\)) Ng)", "Ada (the (first)) Ng|ada@example.com"},
		{"=?utf-8?Q?Ad=C3=A4?= <ada@example.com>", "Adä|ada@example.com"},
		{`"=?utf-8?Q?Ad=C3=A4?=" <ada@example.com>`, "Adä|ada@example.com"},
		{"Ad\xe4 <ada@example.com>", "Adä|ada@example.com"},
		{"Ada Ng ada@example.com", "Ada Ng|ada@example.com"},
		{"ada@example.com <ada@example.com>", "ada@example.com|ada@example.com"},
		{"'Ada' <ada@example.com>", "'Ada'|ada@example.com"},
		{"Ada <mailto:ada@example.com>", "Ada|ada@example.com"},
		{"<@relay.example,@b.example:ada@example.com>", "ada@example.com"},
		{"ada@example.com, Bob <bob@example.com>; eve@example.com", "ada@example.com, Bob|bob@example.com, eve@example.com"},
		{"Friends: ada@example.com, bob@example.com;", "ada@example.com, bob@example.com"},
		{"undisclosed-recipients:;", ""},
		{"<>", ""},
		{"Ada <>", ""},
		{"Ada", ""},
		{"Ada <ada>", ""},
		{"@example.com", ""},
		{"ada@", ""},
		{"\"unclosed <ada@example.com>", "unclosed|ada@example.com"},
		{"Ada <ada@example.com", "Ada|ada@example.com"},
		{"<ada@example.com> <eve@example.com>", "ada@example.com, eve@example.com"},
		{"ada@[IPv6:2001:db8::1]", "ada@[IPv6:2001:db8::1]"},
		{"admin/pspl%TEST@example.com", "admin/pspl%TEST@example.com"},
		{"ada@exämple.com", "ada@exämple.com"},
		{",,;:<><>\"\"()", ""},
	} {
		var got []string
		for _, a := range parseAddresses(tt.in) {
			if a.Name != "" {
				a.Name += "|"
			}
			got = append(got, a.Name+a.Email)
		}
		if s := strings.Join(got, ", "); s != tt.want {
			t.Errorf("%q: got %q, want %q", tt.in, s, tt.want)
		}
	}
}

func TestHeaderValue(t *testing.T) {
	h, body, complete := readHeader([]byte("A: one\r\n two\r\n\t  three \r\nB:\r\n b\r\nEmpty:\r\na: second\r\n\r\nbody"), Limits{}.withDefaults())
	if got := fmt.Sprintf("%q %q %q %q", h.Get("a"), h.Get("B"), h.Get("empty"), h.Get("none")); got != `"one two three " "b" "" ""` {
		t.Error(got)
	}
	if got := h.Values("A"); len(got) != 2 || got[1] != "second" {
		t.Errorf("values %q", got)
	}
	if string(body) != "body" || !complete || !h.Has("Empty") || h.Has("none") {
		t.Errorf("body %q, header %v", body, h)
	}
}

// TestLinear feeds the patterns that make careless parsers quadratic. Each takes milliseconds when it is read in linear time and
// minutes when it is not.
func TestLinear(t *testing.T) {
	const n = 200 << 10
	for _, pattern := range []string{"=?", "=?a?q?", "=?a?q?=?", "\"\\\"<>", "\"", "(", "<", ",", "a,", "@:", "a@b,", "a@:", ";", "a=b;", "a*=b;", "a*0=b;", "a=\"\\\"", "\\", "=", "=\r\n", ":", "[:"} {
		s := strings.Repeat(pattern, n/len(pattern))
		start := time.Now()
		decodeWords(s)
		parseParams(s)
		parseAddresses(s)
		parseIDs(s, 1000)
		if _, err := Read([]byte("From: "+s+"\r\nSubject: "+s+"\r\nContent-Type: multipart/mixed; boundary=\"-\"\r\n\r\n"+s+strings.Repeat("\r\n--", n)+strings.Repeat("--"+s, 10)), Limits{}); err != nil {
			t.Error(err)
		}
		if took := time.Since(start); took > 5*time.Second {
			t.Errorf("%q takes %v", pattern, took)
		}
	}
}
