package aws

import (
	"encoding/json"
	"strings"

	"github.com/calendarinvite/calendarinviteserver/localstack/protocol"
	"github.com/calendarinvite/calendarinviteserver/localstack/secrets"
)

// need is an IAM action on a resource that a caller must be allowed (Service Authorization Reference).
type need struct{ action, resource string }

// jsonNeeds understands the services whose action is named in X-Amz-Target and whose input is JSON.
func (s *Server) jsonNeeds(c *call, body []byte) error {
	if c.service == "dynamodb" {
		return s.dynamoNeeds(c, body)
	}
	var in struct {
		SecretId, Name                           string
		StateMachineArn, ExecutionArn, MapRunArn string
	}
	if len(body) > 0 {
		if err := json.Unmarshal(body, &in); err != nil { // member names match in any case
			return protocol.Errorf("SerializationException", "%v", err)
		}
	}
	on := "*"
	switch {
	case c.service == "secretsmanager" && in.SecretId+in.Name != "":
		on = secrets.ARN(s.cfg.Wiring, in.SecretId+in.Name)
	case c.service == "events" && c.action == "PutEvents":
		on = s.cfg.Wiring.ARN("events", "event-bus/default")
	case c.service == "states" && in.StateMachineArn+in.ExecutionArn+in.MapRunArn != "":
		on = in.StateMachineArn + in.ExecutionArn + in.MapRunArn
	}
	c.needs = []need{{c.service + ":" + c.action, on}}
	return nil
}

// dynamoNeeds: a transaction needs the action of each of its entries; what reads an index needs it on the index.
func (s *Server) dynamoNeeds(c *call, body []byte) error {
	type entry struct{ TableName string }
	var in struct {
		TableName, IndexName string
		RequestItems         map[string]json.RawMessage
		TransactItems        []map[string]entry
		Statement            string
		Statements           []struct{ Statement string }
		TransactStatements   []struct{ Statement string }
	}
	if err := json.Unmarshal(body, &in); err != nil {
		return protocol.Errorf("SerializationException", "%v", err)
	}
	add := func(action, table, index string) {
		c.needs = append(c.needs, need{"dynamodb:" + action, s.tableARN(table, index)})
	}
	switch c.action {
	case "TransactWriteItems", "TransactGetItems":
		actions := map[string]string{"Put": "PutItem", "Update": "UpdateItem", "Delete": "DeleteItem", "ConditionCheck": "ConditionCheckItem", "Get": "GetItem"}
		c.items = len(in.TransactItems)
		for _, item := range in.TransactItems {
			for kind, e := range item {
				if actions[kind] != "" {
					add(actions[kind], e.TableName, "")
				}
			}
		}
	case "BatchGetItem", "BatchWriteItem":
		for table := range in.RequestItems {
			add(c.action, table, "")
		}
	case "ExecuteStatement", "BatchExecuteStatement", "ExecuteTransaction":
		statements := append(in.Statements, in.TransactStatements...)
		if in.Statement != "" {
			statements = append(statements, struct{ Statement string }{in.Statement})
		}
		for _, st := range statements {
			add(partiQL(st.Statement))
		}
	case "ListTables":
		c.needs = append(c.needs, need{"dynamodb:ListTables", "*"})
	default:
		add(c.action, in.TableName, in.IndexName)
	}
	return nil
}

func (s *Server) tableARN(table, index string) string {
	if !strings.HasPrefix(table, "arn:") {
		table = s.cfg.Wiring.ARN("dynamodb", "table/"+table)
	}
	if index != "" {
		table += "/index/" + index
	}
	return table
}

// partiQL is the IAM action, the table and the index of a statement such as: SELECT * FROM "table"."index" WHERE …
func partiQL(statement string) (action, table, index string) {
	words := strings.Fields(statement)
	if len(words) < 2 {
		return "PartiQLSelect", "", ""
	}
	after := map[string]string{"SELECT": "FROM", "INSERT": "INTO", "DELETE": "FROM", "UPDATE": "UPDATE"}
	actions := map[string]string{"SELECT": "PartiQLSelect", "INSERT": "PartiQLInsert", "DELETE": "PartiQLDelete", "UPDATE": "PartiQLUpdate"}
	verb := strings.ToUpper(words[0])
	for i, word := range words[:len(words)-1] {
		if strings.EqualFold(word, after[verb]) {
			table, index, _ = strings.Cut(words[i+1], ".")
			break
		}
	}
	return actions[verb], strings.Trim(table, `"`), strings.Trim(index, `"`)
}
