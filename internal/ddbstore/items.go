package ddbstore

import (
	"fmt"
	"strconv"

	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/attributevalue"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/guregu/dynamo/v2"
)

// jsonTag makes attributes have the names of the JSON fields.
const jsonTag = "json"

// item encodes a record under its key.
func item(k key, record any) (dynamo.Item, error) {
	encoded, err := attributevalue.MarshalMapWithOptions(record, func(o *attributevalue.EncoderOptions) { o.TagKey = jsonTag })
	if err != nil {
		return nil, fmt.Errorf("ddbstore: write item: %w", err)
	}
	encoded[attrPK], encoded[attrSK] = text(k.pk), text(k.sk)
	return encoded, nil
}

// unchanged makes the put replace only the version that was read; 0 means that there was none.
func unchanged(put *dynamo.Put, version int) *dynamo.Put {
	if version == 0 {
		return put.If(notExists)
	}
	return put.If("$ = ?", attrVersion, version)
}

// read decodes an item into a record.
func read[T any](item dynamo.Item) (record T, err error) {
	err = attributevalue.UnmarshalMapWithOptions(item, &record, func(o *attributevalue.DecoderOptions) { o.TagKey = jsonTag })
	if err != nil {
		return record, fmt.Errorf("ddbstore: read item: %w", err)
	}
	return record, nil
}

// readIf decodes the item of that key, if it is among those found.
func readIf[T any](found map[key]dynamo.Item, k key) (*T, error) {
	item, ok := found[k]
	if !ok {
		return nil, nil
	}
	record, err := read[T](item)
	return &record, err
}

func text(s string) types.AttributeValue { return &types.AttributeValueMemberS{Value: s} }

func number(n int64) types.AttributeValue {
	return &types.AttributeValueMemberN{Value: strconv.FormatInt(n, 10)}
}

func textOf(item dynamo.Item, name string) string {
	if s, ok := item[name].(*types.AttributeValueMemberS); ok {
		return s.Value
	}
	return ""
}

// numberOf is a numeric attribute; false when there is none.
func numberOf(item dynamo.Item, name string) (int, bool) {
	if n, ok := item[name].(*types.AttributeValueMemberN); ok {
		if value, err := strconv.Atoi(n.Value); err == nil {
			return value, true
		}
	}
	return 0, false
}
