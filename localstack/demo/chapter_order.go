package main

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"github.com/calendarinvite/calendarinviteserver/internal/imip/imiptest"
)

// freeEvents is EVENT_LIMIT, as the stack has it unless it is told otherwise.
const freeEvents = 5

// subscription is what the organizer buys.
const subscription = "Calendar Invite Server, one year"

// further is another event of the organizer's.
func (s *story) further(n int) imiptest.Event {
	e := s.event
	e.Key, e.Summary, e.Sequence = fmt.Sprintf("further-%d", n), fmt.Sprintf("Lecture %d: On the Engine", n), 0
	e.Start, e.End = e.Start.AddDate(0, 0, 7*n), e.End.AddDate(0, 0, 7*n)
	return e
}

// theOrder: the organizer reaches the event limit, an order lifts it, and her sixth event is registered.
func (s *story) theOrder(ctx context.Context) error {
	if err := s.out.step(fmt.Sprintf("Ada makes %d more events, so that she has %d", freeEvents-1, freeEvents), func() (string, error) {
		for n := 1; n < freeEvents; n++ {
			if err := s.registered(ctx, s.further(n)); err != nil {
				return "", err
			}
			s.out.progress(n, freeEvents-1)
		}
		return "", nil
	}); err != nil {
		return err
	}
	sixth := s.further(freeEvents)
	if err := s.out.step("The sixth is over the limit", func() (string, error) {
		id, err := s.request(ctx, sixth)
		if err != nil {
			return "", err
		}
		m, err := s.inbox.next(ctx, fmt.Sprintf("a mail about the limit (EVENT_LIMIT=%d)", freeEvents), sixth.Summary)
		if err != nil {
			return "", err
		}
		_, err = s.d.expect(ctx, http.StatusNotFound, http.MethodGet, s.d.route("/event/"+id), "")
		return m.subject, err
	}); err != nil {
		return err
	}
	if err := s.out.step("Ada buys a subscription, and Shopify reports the order", func() (string, error) {
		signature, err := s.order(ctx)
		if err != nil {
			return "", err
		}
		m, err := s.inbox.next(ctx, "the welcome", subscription)
		return "POST /order, X-Shopify-Hmac-Sha256: " + signature[:12] + "…\n" + m.subject, err
	}); err != nil {
		return err
	}
	return s.out.step("The sixth event is registered", func() (string, error) {
		s.sixth = sixth
		return sixth.Summary, s.registered(ctx, sixth)
	})
}

// registered mails an event and waits for its confirmation.
func (s *story) registered(ctx context.Context, e imiptest.Event) error {
	id, err := s.request(ctx, e)
	if err != nil {
		return err
	}
	s.newest = id
	_, err = s.inbox.next(ctx, "the confirmation", "/event/"+id+"/invite")
	return err
}

// order hands in the order as Shopify's webhook does, signed with the secret that the shop and the server share.
func (s *story) order(ctx context.Context) (signature string, err error) {
	secret, err := s.d.secret(ctx, "cis/shopify")
	if err != nil {
		return "", err
	}
	number := time.Now().UnixNano()
	body, err := json.Marshal(map[string]any{
		"id": number, "order_number": number % 1e6, "email": s.ada.Email,
		"line_items": []any{map[string]any{"product_id": 7513594, "name": subscription, "quantity": 1}},
	})
	if err != nil {
		return "", err
	}
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write(body)
	signature = base64.StdEncoding.EncodeToString(mac.Sum(nil))
	order := s.d.route("/order")
	forged := base64.StdEncoding.EncodeToString(make([]byte, sha256.Size))
	if _, err := s.d.expect(ctx, http.StatusUnauthorized, http.MethodPost, order, string(body), "X-Shopify-Hmac-Sha256", forged); err != nil {
		return "", err
	}
	_, err = s.d.expect(ctx, http.StatusOK, http.MethodPost, order, string(body), "X-Shopify-Hmac-Sha256", signature)
	return signature, err
}
