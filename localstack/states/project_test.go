package states

import (
	"testing"

	"github.com/calendarinvite/calendarinviteserver/localstack/wiring"
)

// The project's own machines load: nothing in them is beyond the interpreter.
func TestProjectMachinesLoad(t *testing.T) {
	w, err := wiring.Load("../..", wiring.Overrides{})
	if err != nil {
		t.Fatal(err)
	}
	st := newStand(t)
	for name, workflow := range w.Workflows {
		if err := st.Define(name, workflow.Type, w.Definitions[name]); err != nil {
			t.Error(err)
		}
	}
}

// Standard pays a write to the journal for every state, Express one at the end.
func BenchmarkExecution(b *testing.B) {
	for name, start := range map[string]func(*stand) error{
		"express": func(st *stand) error {
			_, err := st.StartSync(b.Context(), "quick", "", []byte(`{"n":1}`))
			return err
		},
		"standard": func(st *stand) error {
			e, err := st.Service.start("two", "", []byte(`{"n":1}`), false)
			if err == nil {
				<-e.ended
			}
			return err
		},
	} {
		b.Run(name, func(b *testing.B) {
			st := newStand(b)
			b.ReportAllocs()
			for b.Loop() {
				if err := start(st); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func TestManyAtOnce(t *testing.T) {
	st := newStand(t)
	const n = 200
	failed := make(chan error, n)
	for range n {
		go func() {
			x, err := st.StartSync(t.Context(), "quick", "same-name", []byte(`{}`))
			if err == nil && x.Status != "SUCCEEDED" {
				t.Errorf("%s: %s", x.Error, x.Cause)
			}
			failed <- err
		}()
	}
	for range n {
		if err := <-failed; err != nil {
			t.Error(err)
		}
		if _, err := st.List(""); err != nil {
			t.Error(err)
		}
	}
}
