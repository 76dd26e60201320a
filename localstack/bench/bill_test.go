package bench

import (
	"fmt"
	"io"
	"strings"
)

// million is how many invites the bill is for.
const million = 1_000_000

// sesAlone is what SES takes for a million mails, without their data, in USD. The bill may be mostOfSES times that.
const (
	sesAlone  = million * perMail
	mostOfSES = 1.05
)

// List prices in USD, US East (N. Virginia), without free tiers; Lambda on arm64. They move: look before you quote them.
const (
	perMail        = 0.10 / 1000     // SES, à la carte
	perMailGB      = 0.12            // SES, of attachments: here all of the mail
	perReceived    = 0.10 / 1000     // SES, a mail that comes in
	perChunk       = 0.09 / 1000     // SES, 256 KB of it
	perWriteUnit   = 0.625 / million // DynamoDB on demand
	perReadUnit    = 0.125 / million //
	perRecordGB    = 0.25            // DynamoDB, a month
	perRequest     = 0.20 / million  // Lambda
	perGBSecond    = 0.0000133334    // Lambda
	perTransition  = 0.025 / 1000    // Step Functions, Standard
	perExpress     = 1.00 / million  // Step Functions, Express
	perExpressGBs  = 0.00001667      //
	perEvent       = 1.00 / million  // EventBridge, of our own, of up to 64 KB
	perPut         = 0.005 / 1000    // S3
	perGet         = 0.0004 / 1000   // S3
	perSecret      = 0.05 / 10_000   // Secrets Manager, a call
	perLogGB       = 0.50            // CloudWatch Logs, taken in
	gigabyte       = 1 << 30         //
	expressMemory  = 64.0 / 1024     // GB of an Express execution, the least
	vCPU           = 1769            // MB of a function that has a whole one
	sesTime        = 0.080           // seconds, of a call
	otherTime      = 0.010           // seconds, of a call of another service
	mailsAtOnce    = 10              // of a function (SEND_CONCURRENCY)
	platformLog    = 400             // bytes that Lambda logs of an invocation
	historyLog     = 1000            // bytes that Step Functions logs of an event, without data
	expressQuantum = 0.1             // seconds by which Express is billed
	listChunks     = 40              // of a list's mail: as many as the largest has
)

// position is a line of the bill.
type position struct {
	what   string
	amount float64
	unit   string
	usd    float64 // of all of it
}

// mailsData is the line of the invitations' data, which SES has its price for.
const mailsData = "SES: their data"

// bill is the bill for a million invites, as the table shows it.
var bill []position

// bill is what a million invites cost that use what these did. Calls, units, requests and transitions are exact. How long a function runs on
// AWS is not known here: it is taken to wait sesTime for SES, and otherTime for others, and to compute for as long as it did here, on its
// share of a CPU.
func (u used) bill() (lines []position) {
	scale := million / float64(u.invites)
	add := func(what string, amount float64, unit string, price float64) {
		lines = append(lines, position{what, amount * scale, unit, amount * scale * price})
	}
	by := map[string]float64{} // calls by action
	var reads, requests, gbSeconds, waited float64
	for function, actions := range u.calls {
		wait := 0.0
		for action, n := range actions {
			by[action] += float64(n)
			switch {
			case action == "ses:SendEmail" && function == sender:
				wait += float64(n) * sesTime / mailsAtOnce
			case action == "ses:SendEmail":
				wait += float64(n) * sesTime
			default:
				wait += float64(n) * otherTime
			}
		}
		gbSeconds += wait * float64(u.memory[function]) / 1024
		if function == sender {
			waited = wait
		}
		reads += u.units[function].Read
	}
	for _, n := range u.parts {
		requests += float64(n)
	}
	computing := u.cpu.Seconds()
	gbSeconds += computing * vCPU / 1024
	perChild := waited/float64(u.children) + computing/float64(u.children)*vCPU/float64(u.memory[sender])
	quanta := float64(int(perChild/expressQuantum) + 1)
	var puts float64
	for _, action := range []string{"s3:PutObject", "s3:CreateMultipartUpload", "s3:UploadPart", "s3:CompleteMultipartUpload"} {
		puts += by[action]
	}

	add("SES: invitations", float64(u.calls[sender]["ses:SendEmail"]), "mails", perMail)
	add(mailsData, float64(u.mailBytes)/gigabyte, "GB", perMailGB)
	add("SES: reports to the organizer", by["ses:SendEmail"]-float64(u.calls[sender]["ses:SendEmail"]), "mails", perMail)
	add("SES: lists that come in", float64(u.lists), "mails", perReceived+listChunks*perChunk)
	add("DynamoDB: writing", u.writes(), "WRU", perWriteUnit)
	add("DynamoDB: reading", reads, "RRU", perReadUnit)
	add("DynamoDB: a month's storage, 1 KB each", float64(u.invites)*1024/gigabyte, "GB", perRecordGB)
	add("Lambda: requests", requests, "requests", perRequest)
	add("Lambda: time", gbSeconds, "GB-s", perGBSecond)
	add("Step Functions: Standard", float64(u.transitions), "transitions", perTransition)
	add("Step Functions: a transition for each child", float64(u.children), "transitions", perTransition)
	add("Step Functions: Express children", float64(u.children), "requests", perExpress)
	add("Step Functions: their time", float64(u.children)*quanta*expressQuantum*expressMemory, "GB-s", perExpressGBs)
	add("EventBridge: facts", by["events:PutEvents"], "events", perEvent)
	add("S3: writing", puts+float64(u.stored+u.lists), "requests", perPut)
	add("S3: reading", by["s3:GetObject"]+float64(u.lists), "requests", perGet)
	add("Secrets Manager", by["secretsmanager:GetSecretValue"], "requests", perSecret)
	add("Logs: of functions", (float64(u.logBytes)+requests*platformLog)/gigabyte, "GB", perLogGB)
	add("Logs: of the children's states", float64(u.history*historyLog)/gigabyte, "GB", perLogGB)
	return lines
}

func total(bill []position) (usd float64) {
	for _, p := range bill {
		usd += p.usd
	}
	return usd
}

// printBill prints the bill, for people.
func printBill(to io.Writer) {
	if bill == nil {
		return
	}
	const width = 78
	fmt.Fprintf(to, "\nThe bill for one million invites, by lists of %s, at list prices\n%s\n", thousands(listed), strings.Repeat("-", width))
	ses := sesAlone
	for _, p := range bill {
		if p.what == mailsData {
			ses += p.usd
		}
		amount := thousands(int(p.amount + 0.5))
		if p.amount < 100 {
			amount = fmt.Sprintf("%.2f", p.amount)
		}
		fmt.Fprintf(to, "%-46s %12s %-11s %6.2f\n", p.what, amount, p.unit, p.usd)
	}
	line := strings.Repeat("-", width)
	fmt.Fprintf(to, "%s\n%-71s %6.2f\n%-71s %6.2f\n", line, "all in all, USD", total(bill), "SES's price alone, for the invitations", sesAlone)
	fmt.Fprintf(to, "%-69s %8.4f\n%-69s %8.4f\n", fmt.Sprintf("so many times SES's price alone (at most %.2f)", mostOfSES), total(bill)/sesAlone,
		"so many times SES's price with the mails' data, which is SES's, too", total(bill)/ses)
	fmt.Fprintf(to, "Counted: mails, bytes, units, requests, events, transitions. Estimated: time, by\n"+
		"%.0f ms for a call of SES, %d at once, %.0f ms for any other, and the CPU time measured\n"+
		"here on the function's share of a CPU; what AWS itself logs; and that a child is\na transition.\n",
		sesTime*1000, mailsAtOnce, otherTime*1000)
}

// thousands writes a number with commas.
func thousands(n int) string {
	digits := fmt.Sprint(n)
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return digits
}
