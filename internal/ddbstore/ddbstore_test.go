package ddbstore_test

import (
	"flag"
	"strconv"
	"testing"

	"github.com/calendarinvite/calendarinviteserver/internal/ddbstore"
	"github.com/calendarinvite/calendarinviteserver/internal/invite"
	"github.com/calendarinvite/calendarinviteserver/internal/invite/storetest"
	"github.com/calendarinvite/calendarinviteserver/localstack/dynamo/dynamotest"
)

func TestStore(t *testing.T) {
	storetest.Run(t, func(t *testing.T) invite.Store {
		cfg, table := dynamotest.NewTable(t, nil)
		return ddbstore.New(cfg, table)
	})
}

func TestStoreRandomHistories(t *testing.T) {
	limitChecks(t, 20)
	storetest.RunRandom(t, func(t *testing.T) invite.Store {
		cfg, table := dynamotest.NewTable(t, nil)
		return ddbstore.New(cfg, table)
	})
}

// limitChecks makes a property test shorter than rapid's default, unless the command line says how long it is to be.
func limitChecks(t *testing.T, n int) {
	given := false
	flag.Visit(func(f *flag.Flag) { given = given || f.Name == "rapid.checks" })
	if !given {
		if err := flag.Set("rapid.checks", strconv.Itoa(n)); err != nil {
			t.Fatal(err)
		}
	}
}
