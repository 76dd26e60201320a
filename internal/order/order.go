// Package order reads the orders that Shopify's webhook brings: who of them is enrolled, and for what (spec §9).
package order

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"slices"
	"strings"

	"github.com/calendarinvite/calendarinviteserver/internal/fault"
	"github.com/calendarinvite/calendarinviteserver/internal/invite"
)

// SignatureHeader holds base64 of the HMAC-SHA256 of the raw body.
// https://shopify.dev/docs/apps/build/webhooks/subscribe/https#step-2-validate-the-origin-of-your-webhook
const SignatureHeader = "X-Shopify-Hmac-Sha256"

// Verify reports whether the header's value is the body's signature under the secret; an empty secret signs nothing. The time that it
// takes says nothing about the signature.
func Verify(secret, header string, body []byte) bool {
	got, err := base64.StdEncoding.DecodeString(strings.TrimSpace(header))
	if err != nil || secret == "" {
		return false
	}
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write(body)
	return hmac.Equal(got, mac.Sum(nil))
}

// ReasonIncomplete is the fault's reason for an order that enrolls nobody.
const ReasonIncomplete = "incomplete-order"

// MaxItems is how many line items an order may have: Shopify's own limit.
// https://help.shopify.com/en/manual/orders
const MaxItems = 500

// Subscription is what one line item of an order gives an organizer.
type Subscription struct {
	Organizer string // address
	Product   string // its name
	ProductID string
	Order     string // the number that people know the order by
	OrderID   string // Shopify's
	Purchaser string // the address that bought it
}

// Read reads an order: one subscription for each organizer whom its line items name, the first of several for the same one. An order
// without a purchaser's address or a line item, or with a line item without product_id or name, is incomplete: a fault NotFound, and
// nobody is enrolled. What is no JSON object is one too.
func Read(body []byte) ([]Subscription, error) {
	var order struct {
		ID     scalar `json:"id"`
		Number scalar `json:"order_number"`
		Email  scalar `json:"email"`
		Items  []struct {
			ProductID  scalar          `json:"product_id"`
			Name       scalar          `json:"name"`
			Properties json.RawMessage `json:"properties"`
		} `json:"line_items"`
	}
	if err := json.Unmarshal(body, &order); err != nil {
		return nil, &fault.Error{Kind: fault.NotFound, Reason: ReasonIncomplete, Public: "This is not an order.", Err: err}
	}
	purchaser, err := invite.ParseAddress(string(order.Email))
	switch {
	case err != nil:
		return nil, incomplete("The order has no valid email address.")
	case order.ID == "" && order.Number == "":
		return nil, incomplete("The order has no number.")
	case len(order.Items) == 0 || len(order.Items) > MaxItems:
		return nil, incomplete("The order has no line items, or too many.")
	}
	var all []Subscription
	for _, item := range order.Items {
		if item.ProductID == "" || item.Name == "" {
			return nil, incomplete("A line item has no product_id or no name.")
		}
		organizer := namedOrganizer(item.Properties, purchaser)
		if slices.ContainsFunc(all, func(s Subscription) bool { return s.Organizer == organizer }) {
			continue
		}
		all = append(all, Subscription{
			Organizer: organizer, Product: string(item.Name), ProductID: string(item.ProductID), Order: string(order.Number),
			OrderID: string(order.ID), Purchaser: purchaser,
		})
	}
	return all, nil
}

func incomplete(public string) error { return fault.New(fault.NotFound, ReasonIncomplete, public) }

// propertyEmail is the name of the line item's property that names the organizer, when that is not the purchaser.
const propertyEmail = "email"

// namedOrganizer is the organizer whom a line item's properties name, or else the purchaser: also where the address is none, so that
// nobody who paid is left out.
func namedOrganizer(properties json.RawMessage, purchaser string) string {
	var list []struct {
		Name  scalar `json:"name"`
		Value scalar `json:"value"`
	}
	if json.Unmarshal(properties, &list) != nil {
		return purchaser
	}
	for _, property := range list {
		if !strings.EqualFold(string(property.Name), propertyEmail) {
			continue
		}
		if named, err := invite.ParseAddress(string(property.Value)); err == nil {
			return named
		}
	}
	return purchaser
}

// maxScalar is the most octets that are kept of a value.
const maxScalar = 500

// scalar is a JSON string, trimmed, or a number as it is written, since ids exceed what a float holds exactly (2^53). Anything else is
// "".
type scalar string

// UnmarshalJSON implements json.Unmarshaler.
func (s *scalar) UnmarshalJSON(text []byte) error {
	*s = ""
	text = bytes.TrimSpace(text)
	switch {
	case len(text) == 0:
	case text[0] == '"':
		var value string
		if err := json.Unmarshal(text, &value); err != nil {
			return err
		}
		*s = scalar(shorten(strings.TrimSpace(value)))
	case text[0] == '-' || text[0] >= '0' && text[0] <= '9':
		*s = scalar(shorten(string(text)))
	}
	return nil
}

func shorten(text string) string {
	if len(text) > maxScalar {
		text = strings.ToValidUTF8(text[:maxScalar], "")
	}
	return text
}
