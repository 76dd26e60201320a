package inspect

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
)

// itemsPerPage is how many items a table page asks for at once.
const itemsPerPage = 50

type tablePage struct {
	Table, Prefix, Next string
	Tables              []string
	Rows                []itemRow
}

// itemRow is an item with its keys apart and the rest in one line.
type itemRow struct {
	PK, SK string
	Rest   []attribute
}

type attribute struct{ Name, Value string }

// table shows the items of a table, a page at a time.
func (p *Pages) table(w http.ResponseWriter, r *http.Request) error {
	tables, err := p.Tables.Tables(r.Context())
	if err != nil {
		return err
	}
	name := r.PathValue("table")
	if name == "" && len(tables) > 0 {
		name = tables[0]
	}
	if !slices.Contains(tables, name) {
		return errNotFound
	}
	page := tablePage{Table: name, Tables: tables, Prefix: r.FormValue("prefix")}
	items, next, err := p.scan(r.Context(), name, page.Prefix, r.FormValue("start"))
	if err != nil {
		return err
	}
	page.Next = next
	plainItems := make([]map[string]any, 0, len(items))
	for _, item := range items {
		plainItem := plainMap(item)
		plainItems = append(plainItems, plainItem)
		row := itemRow{PK: fmt.Sprint(plainItem["pk"]), SK: fmt.Sprint(plainItem["sk"])}
		for _, name := range sortedKeys(plainItem) {
			if name != "pk" && name != "sk" {
				row.Rest = append(row.Rest, attribute{name, short(60, attributeText(plainItem[name]))})
			}
		}
		page.Rows = append(page.Rows, row)
	}
	return p.render(w, r, "table", view{Title: "Table " + name, Section: "tables", Page: page},
		map[string]any{"table": name, "items": plainItems, "next": next})
}

// scan returns one page of the items whose pk begins with prefix. start and next are keys as JSON; "" is before the first and after the last
// page.
func (p *Pages) scan(ctx context.Context, table, prefix, start string) (items []map[string]any, next string, err error) {
	in := map[string]any{"TableName": table, "Limit": itemsPerPage}
	if prefix != "" {
		in["FilterExpression"] = "begins_with(pk, :prefix)"
		in["ExpressionAttributeValues"] = map[string]any{":prefix": map[string]string{"S": prefix}}
	}
	if start != "" {
		in["ExclusiveStartKey"] = json.RawMessage(start)
	}
	// The limit counts items before the filter, so a page may come back empty; go on until there is something to show.
	for {
		var out struct {
			Items            []map[string]any
			LastEvaluatedKey json.RawMessage
		}
		if err := p.Tables.Call(ctx, "Scan", in, &out); err != nil {
			return nil, "", fmt.Errorf("scanning table %s: %w", table, err)
		}
		items = append(items, out.Items...)
		if len(out.LastEvaluatedKey) == 0 || len(items) >= itemsPerPage {
			return items, string(out.LastEvaluatedKey), nil
		}
		in["ExclusiveStartKey"] = out.LastEvaluatedKey
	}
}

type itemPage struct {
	Table, PK, SK string
	Attributes    []attribute
	Plain, Typed  any
}

// item shows one item whole.
func (p *Pages) item(w http.ResponseWriter, r *http.Request) error {
	table, pk, sk := r.PathValue("table"), r.FormValue("pk"), r.FormValue("sk")
	var out struct{ Item map[string]any }
	key := map[string]any{"pk": map[string]string{"S": pk}, "sk": map[string]string{"S": sk}}
	if err := p.Tables.Call(r.Context(), "GetItem", map[string]any{"TableName": table, "Key": key, "ConsistentRead": true}, &out); err != nil {
		return fmt.Errorf("reading an item of table %s: %w", table, err)
	}
	if out.Item == nil {
		return errNotFound
	}
	page := itemPage{Table: table, PK: pk, SK: sk, Plain: plainMap(out.Item), Typed: out.Item}
	return p.render(w, r, "item", view{Title: sk, Section: "tables", Page: page}, page.Plain)
}

// plainMap turns an item from DynamoDB's JSON into ordinary JSON.
func plainMap(item map[string]any) map[string]any {
	out := make(map[string]any, len(item))
	for name, value := range item {
		out[name] = plain(value)
	}
	return out
}

// plain takes the type off an attribute value (DynamoDB API, AttributeValue). Numbers stay as they are written.
func plain(value any) any {
	typed, ok := value.(map[string]any)
	if !ok || len(typed) != 1 {
		return value
	}
	for kind, v := range typed {
		switch kind {
		case "N":
			return number(fmt.Sprint(v))
		case "NULL":
			return nil
		case "L":
			list, _ := v.([]any)
			out := make([]any, 0, len(list))
			for _, e := range list {
				out = append(out, plain(e))
			}
			return out
		case "M":
			m, _ := v.(map[string]any)
			return plainMap(m)
		default: // S, BOOL, B, SS, NS, BS
			return v
		}
	}
	return value
}

// number keeps a number's digits in JSON.
type number string

// MarshalJSON implements json.Marshaler.
func (n number) MarshalJSON() ([]byte, error) { return []byte(n), nil }

func attributeText(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case number:
		return string(v)
	}
	return strings.Join(strings.Fields(indent(v)), " ")
}
