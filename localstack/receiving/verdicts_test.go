package receiving

import (
	"bytes"
	"strings"
	"testing"
)

func TestVerdicts(t *testing.T) {
	pass := Verdicts{SPF: "PASS", DKIM: "PASS", DMARC: "PASS", Spam: "PASS", Virus: "PASS"}
	for _, c := range []struct {
		name, header string
		remote       bool
		want         Verdicts
		err          string
	}{
		{name: "loopback passes", want: pass},
		{name: "nothing is known about others", remote: true, want: Verdicts{SPF: "GRAY", DKIM: "GRAY", DMARC: "GRAY", Spam: "PASS", Virus: "PASS"}},
		{name: "others cannot choose", remote: true, header: "spf=pass", want: Verdicts{SPF: "GRAY", DKIM: "GRAY", DMARC: "GRAY", Spam: "PASS", Virus: "PASS"}},
		{name: "all", header: "spf=fail dkim=gray dmarc=processing_failed; spam=disabled,virus=FAIL",
			want: Verdicts{SPF: "FAIL", DKIM: "GRAY", DMARC: "PROCESSING_FAILED", Spam: "DISABLED", Virus: "FAIL"}},
		{name: "unknown verdict", header: "spf=maybe", err: "spf=maybe"},
		{name: "unknown check", header: "arc=pass", err: "arc=pass"},
	} {
		t.Run(c.name, func(t *testing.T) {
			raw := "Subject: x\n"
			if c.header != "" {
				raw += "X-LOCAL-Verdicts : " + c.header + "\n"
			}
			left, got, err := takeVerdicts([]byte(raw+"\nbody"), !c.remote)
			if c.err != "" {
				if err == nil || !strings.Contains(err.Error(), c.err) {
					t.Fatalf("error is %v, want one that names %s", err, c.err)
				}
				return
			}
			if err != nil || got != c.want || string(left) != "Subject: x\n\nbody" {
				t.Errorf("got %+v, %q, %v; want %+v", got, left, err, c.want)
			}
		})
	}
}

func FuzzHeader(f *testing.F) {
	f.Add([]byte(mail))
	f.Add([]byte(" folded first\r\n\r\n"))
	f.Add([]byte("no colon\nA: b"))
	f.Fuzz(func(t *testing.T, raw []byte) {
		fields, rest := splitHeader(raw)
		var joined []byte
		for _, f := range fields {
			joined = append(joined, f...)
			if strings.ContainsAny(f.value(), "\r\n") {
				t.Errorf("value %q is not unfolded", f.value())
			}
		}
		if !bytes.Equal(append(joined, rest...), raw) {
			t.Errorf("pieces of %q do not make the mail again", raw)
		}
		for _, a := range addresses(string(raw)) {
			if strings.TrimSpace(a) == "" {
				t.Errorf("empty address in %q", raw)
			}
		}
		if left, _, err := takeVerdicts(raw, false); err != nil || len(left) > len(raw) {
			t.Errorf("takeVerdicts of %q: %v", raw, err)
		}
	})
}
