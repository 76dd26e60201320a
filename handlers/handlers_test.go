package handlers_test

import (
	"io"
	"maps"
	"testing"

	"github.com/calendarinvite/calendarinviteserver/handlers"
	"github.com/calendarinvite/calendarinviteserver/internal/app"
)

// newApp is an App with the settings, and what every function has besides, that logs to w.
func newApp(w io.Writer, settings map[string]string) *app.App {
	all := map[string]string{"AWS_REGION": "us-east-1", "AWS_ACCESS_KEY_ID": "id", "AWS_SECRET_ACCESS_KEY": "secret"}
	maps.Copy(all, settings)
	return app.New("test", func(name string) (string, bool) {
		value, found := all[name]
		return value, found
	}, w)
}

// step constructs the named step, which must be a Step.
func step[Step any](t *testing.T, name string, a *app.App) Step {
	t.Helper()
	construct, err := handlers.Lookup(name)
	if err != nil {
		t.Fatal(err)
	}
	built := construct(t.Context(), a)
	if err := a.Err(); err != nil {
		t.Fatal(err)
	}
	as, ok := built.(Step)
	if !ok {
		t.Fatalf("%s is a %T", name, built)
	}
	return as
}
