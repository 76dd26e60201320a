// Package sesmail sends mail through Amazon SES, API version 2.
package sesmail

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sesv2"
	"github.com/aws/aws-sdk-go-v2/service/sesv2/types"
	"github.com/aws/smithy-go"

	"github.com/calendarinvite/calendarinviteserver/internal/fault"
	"github.com/calendarinvite/calendarinviteserver/internal/invite"
)

// Sender sends raw messages. It satisfies invite.Mailer.
type Sender struct {
	client           *sesv2.Client
	configurationSet *string // nil when bounces and complaints are not published
}

// New returns a Sender. An empty configurationSet sends without one.
func New(cfg aws.Config, configurationSet string) *Sender {
	s := &Sender{client: sesv2.NewFromConfig(cfg)}
	if configurationSet != "" {
		s.configurationSet = &configurationSet
	}
	return s
}

// Send hands one message for one recipient to SES and returns its message id; that SES took the message does not mean that
// it is delivered. SES replaces Message-ID and Date. A rate limit is fault.Throttled; a message that SES will never take is
// fault.InvalidRequest with reason "rejected"; one that it does not take while somebody is not verified is fault.Internal with
// invite.ReasonNotVerified; where the account may not send at all, fault.Internal with reason "ses-account".
func (s *Sender) Send(ctx context.Context, mail invite.Outgoing) (string, error) {
	sent, err := s.client.SendEmail(ctx, &sesv2.SendEmailInput{
		FromEmailAddress:     &mail.From,
		Destination:          &types.Destination{ToAddresses: []string{mail.To}},
		Content:              &types.EmailContent{Raw: &types.RawMessage{Data: mail.Raw}},
		ConfigurationSetName: s.configurationSet,
		EmailTags:            tags(mail.Tags),
	})
	if err != nil {
		return "", sendFault(err)
	}
	return aws.ToString(sent.MessageId), nil
}

// tags come back with SES's events. Names and values are ASCII letters, digits, _ and -, at most 256 characters, so anything
// else in them becomes _.
func tags(named map[string]string) []types.MessageTag {
	var list []types.MessageTag
	for name, value := range named {
		if value != "" {
			list = append(list, types.MessageTag{Name: aws.String(tagText(name)), Value: aws.String(tagText(value))})
		}
	}
	slices.SortFunc(list, func(a, b types.MessageTag) int { return strings.Compare(*a.Name, *b.Name) })
	return list
}

func tagText(text string) string {
	clean := strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '_' || r == '-' {
			return r
		}
		return '_'
	}, text)
	return clean[:min(len(clean), 256)]
}

func sendFault(err error) error {
	cause := fmt.Errorf("send by SES: %w", err)
	api := smithy.APIError(nil)
	if !errors.As(err, &api) {
		return fault.Wrap(fault.Unavailable, "ses", cause)
	}
	switch api.ErrorCode() {
	case "TooManyRequestsException", "LimitExceededException", "ThrottlingException", "Throttling":
		return fault.Wrap(fault.Throttled, "ses", cause)
	case "MessageRejected":
		// So SES refuses everything that it takes from nobody unverified: in the sandbox by whom the mail is for, without its DNS records by whom
		// it is from. That is no fault of the recipient's.
		// https://docs.aws.amazon.com/ses/latest/dg/troubleshoot-error-messages.html
		if strings.Contains(api.ErrorMessage(), "not verified") {
			return fault.Wrap(fault.Internal, invite.ReasonNotVerified, cause)
		}
		return fault.Wrap(fault.InvalidRequest, "rejected", cause)
	case "BadRequestException":
		return fault.Wrap(fault.InvalidRequest, "rejected", cause)
	case "MailFromDomainNotVerifiedException", "AccountSuspendedException", "SendingPausedException", "AccessDeniedException",
		"NotFoundException": // the configuration set
		return fault.Wrap(fault.Internal, "ses-account", cause)
	}
	return fault.Wrap(fault.Unavailable, "ses", cause)
}
