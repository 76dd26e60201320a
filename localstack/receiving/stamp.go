package receiving

import (
	"bytes"
	"cmp"
	"encoding/base64"
	"fmt"
	"strings"
	"time"
)

// stampInput is what the headers on top of a received mail tell.
type stampInput struct {
	ID       string
	Region   string
	Env      envelope
	For      string // recipient named in the Received field
	Verdicts Verdicts
	At       time.Time
}

// stamp makes the headers that SES puts on top of a received mail, in SES's order: Return-Path, Received, the two scan verdicts,
// Received-SPF, Authentication-Results, X-SES-RECEIPT, X-SES-DKIM-SIGNATURE. The signatures are of the right shape only.
func stamp(in stampInput) []byte {
	helo := cmp.Or(in.Env.helo, "unknown")
	fromDomain := in.Env.from[strings.LastIndexByte(in.Env.from, '@')+1:]
	spf := spfComment(in.Verdicts.SPF, fromDomain, in.Env.host)
	spfDetail := fmt.Sprintf("%s client-ip=%s; envelope-from=%s; helo=%s;", spf, in.Env.host, in.Env.from, helo)

	var b bytes.Buffer
	line := func(format string, args ...any) { fmt.Fprintf(&b, format+"\r\n", args...) }
	line("Return-Path: <%s>", in.Env.from)
	line("Received: from %s (%s [%s])", helo, helo, in.Env.host)
	line(" by inbound-smtp.%s.amazonaws.com with SMTP id %s", in.Region, in.ID)
	line(" for %s;", in.For)
	line(" %s (UTC)", in.At.UTC().Format("Mon, 02 Jan 2006 15:04:05 -0700"))
	line("X-SES-Spam-Verdict: %s", in.Verdicts.Spam)
	line("X-SES-Virus-Verdict: %s", in.Verdicts.Virus)
	line("Received-SPF: %s", spfDetail)
	line("Authentication-Results: amazonses.com;")
	line(" spf=%s", spfDetail)
	line(" dkim=%s header.i=@%s;", authResult(in.Verdicts.DKIM), fromDomain)
	line(" dmarc=%s header.from=%s;", authResult(in.Verdicts.DMARC), fromDomain)
	token := base64.StdEncoding.EncodeToString([]byte("local:" + in.ID))
	line("X-SES-RECEIPT: %s", token)
	line("X-SES-DKIM-SIGNATURE: a=rsa-sha256; q=dns/txt; b=%s; c=relaxed/simple; s=local; d=amazonses.com; t=%d; v=1; bh=%s; "+
		"h=From:To:Cc:Bcc:Subject:Date:Message-ID:MIME-Version:Content-Type:X-SES-RECEIPT;", token, in.At.Unix(), token)
	return b.Bytes()
}

// authResult is a verdict in the words of an Authentication-Results field (RFC 8601 §2.7).
func authResult(verdict string) string {
	switch verdict {
	case "PASS":
		return "pass"
	case "FAIL":
		return "fail"
	case "PROCESSING_FAILED":
		return "temperror"
	}
	return "none"
}

func spfComment(verdict, domain, host string) string {
	switch result := authResult(verdict); result {
	case "pass":
		return fmt.Sprintf("pass (spfCheck: domain of %s designates %s as permitted sender)", domain, host)
	case "fail":
		return fmt.Sprintf("fail (spfCheck: domain of %s does not designate %s as permitted sender)", domain, host)
	default:
		return fmt.Sprintf("%s (spfCheck: no answer for domain of %s)", result, domain)
	}
}
