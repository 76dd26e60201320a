package ddbstore_test

import (
	"fmt"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/calendarinvite/calendarinviteserver/internal/ddbstore"
	"github.com/calendarinvite/calendarinviteserver/internal/invite"
	"github.com/calendarinvite/calendarinviteserver/localstack/dynamo/dynamotest"
)

// A cap lets through what it allows, in whatever portions; what was counted for the same once is neither refused nor counted again.
func TestTake(t *testing.T) {
	cfg, table := dynamotest.NewTable(t, nil)
	store := ddbstore.New(cfg, table)
	take := func(what string, c invite.Cap, n int, want bool) {
		t.Helper()
		got, err := store.Take(t.Context(), c, n)
		if err != nil || got != want {
			t.Errorf("%s: %t, %v", what, got, err)
		}
	}
	lists := func(key, by string) invite.Cap {
		return invite.Cap{Name: "lists", Key: key, By: by, Window: 100, Until: 1000, Limit: 10}
	}
	take("more than there is", lists("ada", "list-0"), 11, false)
	take("a list", lists("ada", "list-1"), 6, true)
	take("too long a list", lists("ada", "list-2"), 5, false)
	take("the refused list again", lists("ada", "list-2"), 5, false)
	take("the first list again", lists("ada", "list-1"), 6, true)
	take("what is left", lists("ada", "list-3"), 4, true)
	take("the first list when all is used", lists("ada", "list-1"), 6, true)
	take("one more", lists("ada", "list-4"), 1, false)
	take("somebody else's", lists("bob", "list-4"), 10, true)
	next := lists("ada", "list-2")
	next.Window = 200
	take("the next window", next, 5, true)

	tries := invite.Cap{Name: "tries", Key: "192.0.2.1", Window: 100, Until: 1000, Limit: 2}
	take("a try", tries, 1, true)
	take("another", tries, 1, true)
	take("a third", tries, 1, false)
}

func TestTakeConcurrently(t *testing.T) {
	cfg, table := dynamotest.NewTable(t, nil)
	store := ddbstore.New(cfg, table)
	var taken atomic.Int64
	var wait sync.WaitGroup
	for i := range 20 {
		wait.Go(func() {
			for range 2 { // each asks twice for the same
				by := fmt.Sprint("list-", i)
				ok, err := store.Take(t.Context(), invite.Cap{Name: "lists", Key: "ada", By: by, Window: 100, Until: 1000, Limit: 7}, 1)
				if err != nil {
					t.Error(err)
				}
				if ok {
					taken.Add(1)
				}
			}
		})
	}
	wait.Wait()
	if got := taken.Load(); got != 14 {
		t.Errorf("%d were let through, want 7 twice", got)
	}
}

// A token works for one request, and for nobody who does not say which.
func TestUseOnce(t *testing.T) {
	cfg, table := dynamotest.NewTable(t, nil)
	store := ddbstore.New(cfg, table)
	use := func(what, token, request string, want bool) {
		t.Helper()
		got, err := store.UseOnce(t.Context(), token, request, 1000)
		if err != nil || got != want {
			t.Errorf("%s: %t, %v", what, got, err)
		}
	}
	use("the first", "token-1", "request-1", true)
	use("the first, whose answer was lost", "token-1", "request-1", true)
	use("a second", "token-1", "request-2", false)
	use("another token", "token-2", "request-2", true)
	use("a request without a name", "token-3", "", true)
	use("another one without a name", "token-3", "", false)
}
