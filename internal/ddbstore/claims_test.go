package ddbstore_test

import (
	"fmt"
	"sync"
	"testing"

	"github.com/calendarinvite/calendarinviteserver/internal/ddbstore"
	"github.com/calendarinvite/calendarinviteserver/internal/notify"
	"github.com/calendarinvite/calendarinviteserver/localstack/dynamo/dynamotest"
)

func TestClaimAnswer(t *testing.T) {
	cfg, table := dynamotest.NewTable(t, nil)
	store := ddbstore.New(cfg, table)
	ctx := t.Context()
	claim := func(address, day, message string, limit int, want notify.Claim) {
		t.Helper()
		got, err := store.ClaimAnswer(ctx, address, day, message, limit)
		if err != nil || got != want {
			t.Errorf("claim %s %s %s: %q %v, want %q", address, day, message, got, err, want)
		}
	}
	claim("ada@example.com", "2026-03-02", "m1", 2, notify.Claimed)
	claim("ada@example.com", "2026-03-02", "m1", 2, notify.Claimed) // it may not have left
	for range 2 {
		if err := store.MarkAnswered(ctx, "ada@example.com", "2026-03-02", "m1"); err != nil {
			t.Fatal(err)
		}
	}
	claim("ada@example.com", "2026-03-02", "m1", 2, notify.Done)
	claim("ada@example.com", "2026-03-02", "m2", 2, notify.Claimed)
	claim("ada@example.com", "2026-03-02", "m3", 2, notify.Capped)
	claim("ada@example.com", "2026-03-02", "m2", 2, notify.Claimed) // claimed before the cap was reached
	claim("ada@example.com", "2026-03-03", "m3", 2, notify.Claimed)
	claim("bob@example.com", "2026-03-02", "m3", 2, notify.Claimed)
	claim("ada@example.com", "2026-03-02", "m4", 0, notify.Claimed) // no cap
}

func TestClaimAnswerConcurrently(t *testing.T) {
	cfg, table := dynamotest.NewTable(t, nil)
	store := ddbstore.New(cfg, table)
	var group sync.WaitGroup
	var mu sync.Mutex
	results := map[notify.Claim]int{}
	for i := range 20 {
		group.Add(1)
		go func() {
			defer group.Done()
			got, err := store.ClaimAnswer(t.Context(), "ada@example.com", "2026-03-02", fmt.Sprint("m", i), 7)
			if err != nil {
				t.Error(err)
			}
			mu.Lock()
			defer mu.Unlock()
			results[got]++
		}()
	}
	group.Wait()
	if results[notify.Claimed] != 7 || results[notify.Capped] != 13 {
		t.Errorf("claims: %v", results)
	}
}
