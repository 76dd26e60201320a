package outbox

import (
	"encoding/base64"
	"encoding/xml"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/calendarinvite/calendarinviteserver/localstack/protocol"
)

// bodyLimit lets a message of messageLimit through with the JSON around it.
const bodyLimit = messageLimit + 1<<20

// API is the part of SESv2 and SES that the stack offers: SendEmail, SendRawEmail, and what shows an account that may send.
// caller names who asks, by access key.
func (o *Outbox) API(caller func(*http.Request) string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		path, v2 := strings.CutPrefix(r.URL.Path, "/v2/email/")
		if !v2 {
			o.serveQuery(w, r, caller(r))
			return
		}
		resource, name, _ := strings.Cut(path, "/")
		var answer any
		var err error
		switch key := r.Method + " " + resource; {
		case key == "POST outbound-emails" && name == "":
			answer, err = o.sendEmail(r, caller(r))
		case key == "GET account" && name == "":
			answer = o.account()
		case key == "GET identities" && name == "":
			answer = map[string]any{"EmailIdentities": o.identities()}
		case key == "GET identities":
			answer, err = o.identity(name)
		case key == "GET configuration-sets" && name != "":
			answer = map[string]any{"ConfigurationSetName": name, "SendingOptions": map[string]any{"SendingEnabled": true}}
		default:
			err = &protocol.Error{Status: 501, Code: "NotImplementedException", Message: fmt.Sprintf("the local stack's SES does not have %s %s", r.Method, r.URL.Path)}
		}
		if err != nil {
			protocol.WriteError(w, r, protocol.RESTJSON, err)
			return
		}
		protocol.WriteJSON(w, protocol.RESTJSON, answer)
	})
}

// sendEmail is SESv2 SendEmail.
func (o *Outbox) sendEmail(r *http.Request, caller string) (any, error) {
	var in struct {
		FromEmailAddress     string
		Destination          struct{ ToAddresses, CcAddresses, BccAddresses []string }
		ReplyToAddresses     []string
		ConfigurationSetName string
		EmailTags            []struct{ Name, Value string }
		Content              struct {
			Raw      *struct{ Data []byte }
			Simple   *simple
			Template any
		}
	}
	if err := protocol.ReadJSON(r, bodyLimit, &in); err != nil {
		return nil, err
	}
	to := in.Destination
	m := Message{
		Source: in.FromEmailAddress, To: to.ToAddresses, Cc: to.CcAddresses, Bcc: to.BccAddresses,
		ConfigurationSet: in.ConfigurationSetName, Caller: caller,
	}
	for _, tag := range in.EmailTags {
		if m.Tags == nil {
			m.Tags = make(map[string][]string)
		}
		m.Tags[tag.Name] = append(m.Tags[tag.Name], tag.Value)
	}
	switch {
	case in.Content.Raw != nil:
		m.Raw = in.Content.Raw.Data
	case in.Content.Simple != nil:
		raw, err := in.Content.Simple.render(in.FromEmailAddress, m.To, m.Cc, in.ReplyToAddresses)
		if err != nil {
			return nil, err
		}
		m.Raw = raw
	default:
		return nil, protocol.Errorf("BadRequestException", "The local stack sends Raw and Simple content.")
	}
	sent, err := o.Send(m)
	if err != nil {
		return nil, err
	}
	return map[string]string{"MessageId": sent.ID}, nil
}

func (o *Outbox) account() any {
	return map[string]any{
		"SendingEnabled":          true,
		"ProductionAccessEnabled": true,
		"EnforcementStatus":       "HEALTHY",
		"SendQuota":               map[string]any{"Max24HourSend": 50000.0, "MaxSendRate": 14.0, "SentLast24Hours": 0.0},
	}
}

func (o *Outbox) identities() []any {
	list := []any{}
	for _, d := range o.cfg.Domains {
		list = append(list, map[string]any{"IdentityType": "DOMAIN", "IdentityName": d, "SendingEnabled": true, "VerificationStatus": "SUCCESS"})
	}
	return list
}

func (o *Outbox) identity(name string) (any, error) {
	if decoded, err := url.PathUnescape(name); err == nil {
		name = decoded
	}
	if !slices.Contains(o.cfg.Domains, strings.ToLower(name)) {
		return nil, &protocol.Error{Status: 404, Code: "NotFoundException", Message: "Email identity " + name + " does not exist."}
	}
	return map[string]any{"IdentityType": "DOMAIN", "VerifiedForSendingStatus": true, "VerificationStatus": "SUCCESS", "FeedbackForwardingStatus": true}, nil
}

// serveQuery is the older SES API: SendRawEmail.
func (o *Outbox) serveQuery(w http.ResponseWriter, r *http.Request, caller string) {
	r.Body = http.MaxBytesReader(w, r.Body, 2*bodyLimit) // a form escapes
	if err := r.ParseForm(); err != nil {
		protocol.WriteError(w, r, protocol.Query, protocol.Errorf("InvalidParameterValue", "%v", err))
		return
	}
	if action := r.PostForm.Get("Action"); action != "SendRawEmail" {
		protocol.WriteError(w, r, protocol.Query, protocol.Errorf("InvalidAction", "the local stack's SES does not have %s", action))
		return
	}
	raw, err := base64.StdEncoding.DecodeString(r.PostForm.Get("RawMessage.Data"))
	if err != nil {
		protocol.WriteError(w, r, protocol.Query, protocol.Errorf("InvalidParameterValue", "RawMessage.Data: %v", err))
		return
	}
	m := Message{Source: r.PostForm.Get("Source"), Raw: raw, Caller: caller, ConfigurationSet: r.PostForm.Get("ConfigurationSetName")}
	for i := 1; r.PostForm.Has(fmt.Sprintf("Destinations.member.%d", i)); i++ {
		m.To = append(m.To, r.PostForm.Get(fmt.Sprintf("Destinations.member.%d", i)))
	}
	sent, err := o.Send(m)
	if err != nil {
		protocol.WriteError(w, r, protocol.Query, err)
		return
	}
	type result struct{ MessageId string }
	type metadata struct{ RequestId string }
	protocol.WriteXML(w, struct {
		XMLName  xml.Name `xml:"http://ses.amazonaws.com/doc/2010-12-01/ SendRawEmailResponse"`
		Result   result   `xml:"SendRawEmailResult"`
		Metadata metadata `xml:"ResponseMetadata"`
	}{Result: result{sent.ID}, Metadata: metadata{protocol.RequestID()}})
}
