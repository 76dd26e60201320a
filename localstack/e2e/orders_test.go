package e2e

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/calendarinvite/calendarinviteserver/internal/order"
	"github.com/calendarinvite/calendarinviteserver/localstack/stack"
	"github.com/calendarinvite/calendarinviteserver/localstack/stack/stacktest"
)

const shopSecret = "the shop's secret"

func withShop(cfg *stack.Config) { keep(cfg, "SHOPIFY_SECRET", shopSecret) }

// keep gives a secret its value.
func keep(cfg *stack.Config, name, value string) {
	if cfg.Secrets == nil {
		cfg.Secrets = map[string]string{}
	}
	cfg.Secrets[name] = value
}

func shopSignature(secret, body string) string {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(body))
	return base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

// order tells of an order as Shopify does.
func (s *system) order(body string) stacktest.Answer {
	s.t.Helper()
	return s.Do("POST", "/order", body, "Content-Type", "application/json", "X-Shopify-Topic", "orders/paid", order.SignatureHeader, shopSignature(shopSecret, body))
}

type shopItem struct {
	ProductID  int64          `json:"product_id,omitempty"`
	Name       string         `json:"name,omitempty"`
	Properties []shopProperty `json:"properties"`
}

type shopProperty struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// bought is the body of an order, with the ids that exceed what a float holds.
func bought(buyer string, items ...shopItem) string {
	n := people.Add(1)
	body, err := json.Marshal(map[string]any{
		"id": 9007199254740993 + n, "order_number": 1000 + n, "email": buyer, "line_items": items, "note": "<&>", "total_price": "10.00",
	})
	if err != nil {
		panic(err)
	}
	return string(body)
}

func TestOrders(t *testing.T) {
	s := start(t, withShop, stacktest.Env("EVENT_LIMIT", "1"))
	pro := shopItem{ProductID: 632910392, Name: "Pro"}
	enrolls := func(t *testing.T, s *system, body string) {
		t.Helper()
		if a := s.order(body); a.Status != 200 || a.Body != `{"message":"Acknowledged"}` {
			t.Fatalf("%d %s", a.Status, a.Body)
		}
		s.settle()
	}

	t.Run("lifts the limit, with one welcome", func(t *testing.T) {
		s := s.on(t)
		buyer := somebody("buyer")
		e := tea(buyer)
		s.register(e)
		e.Key = "second"
		s.endsIn(s.request(e), "LimitReached")
		mails := s.sentTo(buyer.Email)
		body := bought(strings.ToUpper(buyer.Email), pro)
		for range 3 { // Shopify tells again what was not answered in time
			enrolls(t, s, body)
		}
		welcome := s.Sent(buyer.Email)[mails:]
		if len(welcome) != 1 {
			t.Fatalf("%d mails", len(welcome))
		}
		mail := read(t, welcome[0].Raw)
		if text := string(mail.Parts[0].Body); !strings.Contains(text, "Pro") || mail.From.Email != "support@cis.localhost" || mail.Auto.Submitted != "auto-generated" {
			t.Errorf("from %v, Auto-Submitted %q: %s", mail.From, mail.Auto.Submitted, text)
		}
		s.register(e)
		e.Key = "third"
		s.register(e)
		if now := s.administer("GET", buyer.Email, ""); !now.Subscription || now.Product != "Pro" || now.Order == "" || now.SubscriptionSince == 0 {
			t.Errorf("%+v", now)
		}
	})

	t.Run("signed, or nothing", func(t *testing.T) {
		s := s.on(t)
		buyer := somebody("buyer")
		body := bought(buyer.Email, pro)
		for name, signature := range map[string]string{
			"none": "", "another secret's": shopSignature("another", body), "another body's": shopSignature(shopSecret, body+" "),
			"no base64": "!", "hexadecimal": fmt.Sprintf("%x", sha256.Sum256([]byte(body))), "an empty secret's": shopSignature("", body),
		} {
			a := s.Do("POST", "/order", body, order.SignatureHeader, signature)
			if a.Status != 401 || !strings.HasPrefix(a.Body, `{"message":"`) {
				t.Errorf("%s: %d %s", name, a.Status, a.Body)
			}
		}
		if a := s.Do("POST", "/order", body); a.Status != 401 {
			t.Errorf("no header: %d %s", a.Status, a.Body)
		}
		if s.settle(); s.sentTo(buyer.Email) != 0 || s.administer("GET", buyer.Email, "").Subscription {
			t.Errorf("%d mails", s.sentTo(buyer.Email))
		}
	})

	t.Run("an order that lacks something enrolls nobody", func(t *testing.T) {
		s := s.on(t)
		buyer := somebody("buyer")
		for name, body := range map[string]string{
			"no JSON": "hello", "a list": "[]", "empty": "", "nobody's": bought("", pro), "no address": bought("nobody", pro),
			"no items": bought(buyer.Email), "an item without product_id": bought(buyer.Email, pro, shopItem{Name: "Pro"}),
			"an item without a name": bought(buyer.Email, pro, shopItem{ProductID: 1}),
		} {
			if a := s.order(body); a.Status != 404 || !strings.HasPrefix(a.Body, `{"message":"`) {
				t.Errorf("%s: %d %s", name, a.Status, a.Body)
			}
		}
		if s.settle(); s.sentTo(buyer.Email) != 0 || s.administer("GET", buyer.Email, "").Subscription {
			t.Errorf("%d mails", s.sentTo(buyer.Email))
		}
	})

	t.Run("for another organizer", func(t *testing.T) {
		s := s.on(t)
		buyer, boss := somebody("buyer"), somebody("boss")
		enrolls(t, s, bought(buyer.Email, shopItem{ProductID: 1, Name: "Pro", Properties: []shopProperty{{"colour", "blue"}, {"Email", " " + boss.Email + " "}}}))
		if s.sentTo(buyer.Email) != 0 || s.sentTo(boss.Email) != 1 || !s.administer("GET", boss.Email, "").Subscription || s.administer("GET", buyer.Email, "").Subscription {
			t.Errorf("%d mails to the buyer, %d to the organizer", s.sentTo(buyer.Email), s.sentTo(boss.Email))
		}
	})

	t.Run("of several items, each for its organizer", func(t *testing.T) {
		s := s.on(t)
		buyer, one, two := somebody("buyer"), somebody("one"), somebody("two")
		for_ := func(email string) shopItem {
			return shopItem{ProductID: 1, Name: "Pro", Properties: []shopProperty{{"email", email}}}
		}
		body := bought(buyer.Email, for_(one.Email), for_(two.Email), for_(one.Email), pro, for_("not an address"))
		enrolls(t, s, body)
		enrolls(t, s, body)
		for _, who := range []string{buyer.Email, one.Email, two.Email} {
			if n := s.sentTo(who); n != 1 || !s.administer("GET", who, "").Subscription {
				t.Errorf("%d mails to %s", n, who)
			}
		}
	})

	t.Run("who has a subscription keeps it", func(t *testing.T) {
		s := s.on(t)
		buyer, granted := somebody("buyer"), somebody("granted")
		enrolls(t, s, bought(buyer.Email, pro))
		first := s.administer("GET", buyer.Email, "")
		enrolls(t, s, bought(buyer.Email, shopItem{ProductID: 2, Name: "Premium"}))
		if now := s.administer("GET", buyer.Email, ""); now.Product != "Pro" || now.Order != first.Order || now.SubscriptionSince != first.SubscriptionSince || s.sentTo(buyer.Email) != 1 {
			t.Errorf("%+v, was %+v; %d mails", now, first, s.sentTo(buyer.Email))
		}
		s.administer("PUT", granted.Email, "subscription")
		enrolls(t, s, bought(granted.Email, pro))
		if now := s.administer("GET", granted.Email, ""); now.Product != "" || s.sentTo(granted.Email) != 0 {
			t.Errorf("%+v; %d mails", now, s.sentTo(granted.Email))
		}
	})

	t.Run("too large", func(t *testing.T) {
		s := s.on(t)
		if a := s.order(`{"note":"` + strings.Repeat("x", 11<<20) + `"}`); a.Status != 413 {
			t.Errorf("%d %.200s", a.Status, a.Body)
		}
	})
}
