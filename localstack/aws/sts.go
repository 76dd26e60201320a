package aws

import (
	"encoding/xml"
	"fmt"
	"net/http"

	"github.com/calendarinvite/calendarinviteserver/localstack/protocol"
)

// serveSTS is the one action of STS that tools ask for before anything else: GetCallerIdentity.
func (s *Server) serveSTS(w http.ResponseWriter, r *http.Request) {
	if err := r.ParseForm(); err != nil || r.PostForm.Get("Action") != "GetCallerIdentity" {
		protocol.WriteError(w, r, protocol.Query, protocol.Errorf("InvalidAction", "the local stack's STS has GetCallerIdentity only"))
		return
	}
	key := CallerOf(r)
	arn := fmt.Sprintf("arn:%s:iam::%s:root", s.cfg.Wiring.Partition(), s.cfg.Wiring.Account())
	if s.isFunction(key) {
		name := s.cfg.Wiring.Prefix() + "-" + key
		arn = fmt.Sprintf("arn:%s:sts::%s:assumed-role/%s/%s", s.cfg.Wiring.Partition(), s.cfg.Wiring.Account(), name, name)
	}
	type identity struct {
		Arn     string
		UserID  string `xml:"UserId"`
		Account string
	}
	protocol.WriteXML(w, struct {
		XMLName   xml.Name `xml:"https://sts.amazonaws.com/doc/2011-06-15/ GetCallerIdentityResponse"`
		Result    identity `xml:"GetCallerIdentityResult"`
		RequestID string   `xml:"ResponseMetadata>RequestId"`
	}{Result: identity{arn, key, s.cfg.Wiring.Account()}, RequestID: protocol.RequestID()})
}
