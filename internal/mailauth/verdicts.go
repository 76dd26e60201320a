package mailauth

// Verdict is one of the answers of SES about a received message
// (https://docs.aws.amazon.com/ses/latest/dg/receiving-email-notifications-contents.html).
type Verdict string

// The verdicts. The empty one means that the SES event did not carry it.
const (
	Pass             Verdict = "PASS"
	Fail             Verdict = "FAIL"
	Gray             Verdict = "GRAY" // no answer: the domain publishes nothing, or only ~all and the like
	ProcessingFailed Verdict = "PROCESSING_FAILED"
	Disabled         Verdict = "DISABLED" // scanning is off
)

// Verdicts are what SES found, taken from the SES event and from nowhere else: headers of the same meaning inside a message can be
// the sender's own (field rules 48 to 50).
type Verdicts struct {
	SPF         Verdict `json:"spf"`
	DKIM        Verdict `json:"dkim"`
	DMARC       Verdict `json:"dmarc"`
	Spam        Verdict `json:"spam"`
	Virus       Verdict `json:"virus"`
	DMARCPolicy string  `json:"dmarc_policy"` // none, quarantine or reject; only with a DMARC FAIL
}

// Authenticated reports whether the message may be taken as coming from the domain of its From: SPF or DKIM passed and DMARC did
// not fail (spec §2).
func (v Verdicts) Authenticated() bool {
	return v.DMARC != Fail && (v.SPF == Pass || v.DKIM == Pass)
}

// dmarcSilent reports whether DMARC gave no answer, for whatever reason.
func (v Verdicts) dmarcSilent() bool { return v.DMARC != Pass && v.DMARC != Fail }
