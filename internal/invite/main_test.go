package invite_test

import (
	"testing"

	"github.com/calendarinvite/calendarinviteserver/localstack/dynamo/dynamotest"
)

func TestMain(m *testing.M) { dynamotest.Main(m) }
