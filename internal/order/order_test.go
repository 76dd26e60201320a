package order_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/calendarinvite/calendarinviteserver/internal/fault"
	"github.com/calendarinvite/calendarinviteserver/internal/invite"
	"github.com/calendarinvite/calendarinviteserver/internal/order"
)

// paid is an order as Shopify sends it, cut to what matters; the rest is ignored.
const paid = `{
  "id": 9007199254740993, "admin_graphql_api_id": "gid://shopify/Order/9007199254740993", "email": " Ada@Organizer.example ", "order_number": 1001,
  "name": "#1001", "total_price": "49.00", "customer": {"id": 115310627314723954, "email": "other@example.com"},
  "line_items": [
    {"id": 866550311766439020, "product_id": 7513594, "name": "Calendar Plus - Yearly", "title": "Calendar Plus", "quantity": 1,
     "price_set": {"shop_money": {"amount": "49.00", "currency_code": "USD"}}, "properties": []}
  ]
}`

func TestRead(t *testing.T) {
	ada := order.Subscription{
		Organizer: "ada@organizer.example", Product: "Calendar Plus - Yearly", ProductID: "7513594", Order: "1001", OrderID: "9007199254740993",
		Purchaser: "ada@organizer.example",
	}
	with := func(properties string) string {
		return strings.Replace(paid, `"properties": []`, `"properties": `+properties, 1)
	}
	for _, to := range []struct {
		name, body string
		organizers []string
	}{
		{"as Shopify sends it", paid, []string{"ada@organizer.example"}},
		{"another organizer", with(`[{"name": "colour", "value": "red"}, {"name": "email", "value": "Bob@example.com "}]`), []string{"bob@example.com"}},
		{"name in capitals", with(`[{"name": " Email", "value": "bob@example.com"}]`), []string{"bob@example.com"}},
		{"no address in the property", with(`[{"name": "email", "value": "bob"}]`), []string{"ada@organizer.example"}},
		{"null property", with(`[{"name": "email", "value": null}]`), []string{"ada@organizer.example"}},
		{"strange property", with(`[{"name": "email", "value": {"a": 1}}, 7]`), []string{"ada@organizer.example"}},
		{"strange properties", with(`"none"`), []string{"ada@organizer.example"}},
		{"no properties", strings.Replace(paid, `, "properties": []`, "", 1), []string{"ada@organizer.example"}},
		{"two for two", with(`[]}, {"product_id": "8", "name": "B", "properties": [{"name": "email", "value": "bob@example.com"}]`), []string{"ada@organizer.example", "bob@example.com"}},
		{"two for one", with(`[]}, {"product_id": "8", "name": "B"`), []string{"ada@organizer.example"}},
	} {
		got, err := order.Read([]byte(to.body))
		if err != nil || len(got) != len(to.organizers) {
			t.Errorf("%s: %v %v", to.name, got, err)
			continue
		}
		for i, organizer := range to.organizers {
			if got[i].Organizer != organizer || got[i].Purchaser != "ada@organizer.example" || got[i].OrderID != ada.OrderID {
				t.Errorf("%s: %+v, want %s", to.name, got[i], organizer)
			}
		}
	}
	got, err := order.Read([]byte(paid))
	if diff := cmp.Diff([]order.Subscription{ada}, got); err != nil || diff != "" {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
}

func TestReadIncomplete(t *testing.T) {
	without := func(part string) string { return strings.Replace(paid, part, "", 1) }
	for name, body := range map[string]string{
		"nothing":         "",
		"no JSON":         "id=1",
		"null":            "null",
		"a list":          "[" + paid + "]",
		"empty":           "{}",
		"no email":        without(`"email": " Ada@Organizer.example ",`),
		"null email":      strings.Replace(paid, `" Ada@Organizer.example "`, "null", 1),
		"bad email":       strings.Replace(paid, " Ada@Organizer.example ", "ada", 1),
		"no product_id":   without(`"product_id": 7513594,`),
		"null product_id": strings.Replace(paid, "7513594", "null", 1),
		"no name":         without(`"name": "Calendar Plus - Yearly",`),
		"blank name":      strings.Replace(paid, "Calendar Plus - Yearly", " ", 1),
		"no line items":   paid[:strings.Index(paid, "  \"line_items\"")] + `"line_items": []}`,
		"odd line items":  paid[:strings.Index(paid, "  \"line_items\"")] + `"line_items": "x"}`,
		"one of two":      strings.Replace(paid, `"properties": []`, `"properties": []}, {"name": "Tip"`, 1),
		"no number":       strings.Replace(without(`"order_number": 1001,`), `"id": 9007199254740993,`, "", 1),
	} {
		got, err := order.Read([]byte(body))
		if fault.KindOf(err) != fault.NotFound || fault.ReasonOf(err) != order.ReasonIncomplete || got != nil {
			t.Errorf("%s: %v %v", name, got, err)
		}
	}
}

func TestVerify(t *testing.T) {
	mac := hmac.New(sha256.New, []byte("hush"))
	mac.Write([]byte(paid))
	signed := base64.StdEncoding.EncodeToString(mac.Sum(nil))
	for _, test := range []struct {
		secret, header, body string
		want                 bool
	}{
		{"hush", signed, paid, true},
		{"hush", " " + signed, paid, true},
		{"hush", signed, paid + " ", false},
		{"hush", signed[:len(signed)-4], paid, false},
		{"hush", "", paid, false},
		{"hush", "no base64", paid, false},
		{"other", signed, paid, false},
		{"", signed, paid, false},
	} {
		if got := order.Verify(test.secret, test.header, []byte(test.body)); got != test.want {
			t.Errorf("%q %q: %v", test.secret, test.header, got)
		}
	}
}

// FuzzRead: no body makes Read panic, every fault says not found, and every subscription is complete.
func FuzzRead(f *testing.F) {
	f.Add([]byte(paid))
	f.Add([]byte(`{"id":1e400,"email":"a@b.c","line_items":[{"product_id":"1","name":"x","properties":{"email":[]}}]}`))
	f.Add([]byte(`{"id":"` + strings.Repeat("é", 300) + `","email":"a@b.c","line_items":[null,{}]}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		all, err := order.Read(body)
		if err != nil {
			if fault.KindOf(err) != fault.NotFound {
				t.Fatalf("fault %v", err)
			}
			return
		}
		for _, s := range all {
			_, organizer := invite.ParseAddress(s.Organizer)
			_, purchaser := invite.ParseAddress(s.Purchaser)
			if organizer != nil || purchaser != nil || s.Product == "" || s.ProductID == "" || s.Order+s.OrderID == "" {
				t.Fatalf("an incomplete subscription: %+v", s)
			}
		}
	})
}
