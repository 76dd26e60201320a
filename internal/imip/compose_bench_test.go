package imip_test

import (
	"strconv"
	"testing"

	"github.com/calendarinvite/calendarinviteserver/internal/imip"
)

// BenchmarkComposeNext is the mail to the next recipient of the same event: at most 20 µs and 30 allocations.
func BenchmarkComposeNext(b *testing.B) {
	for name, calendar := range map[string]string{"single": zoned(single), "series": series} {
		b.Run(name, func(b *testing.B) {
			composer := mustComposer(b, invitation(b, calendar))
			var recipients [64]imip.Recipient
			for i := range recipients {
				recipients[i] = imip.Recipient{Email: "guest" + strconv.Itoa(i) + "@example.org", Name: "Guest Nümber " + strconv.Itoa(i)}
			}
			mail := make([]byte, 0, 32<<10)
			b.ReportAllocs()
			n := 0
			for b.Loop() {
				var err error
				if mail, err = composer.Append(mail[:0], recipients[n%len(recipients)]); err != nil {
					b.Fatal(err)
				}
				n++
			}
			b.SetBytes(int64(len(mail)))
		})
	}
}

// BenchmarkNewComposer is what a step pays once for an event.
func BenchmarkNewComposer(b *testing.B) {
	inv := invitation(b, series)
	keys := testKeys(b)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := imip.NewComposer(inv, keys); err != nil {
			b.Fatal(err)
		}
	}
}

func TestAppendAllocations(t *testing.T) {
	if raceDetector {
		t.Skip("the race detector's own allocations would be counted")
	}
	composer := mustComposer(t, invitation(t, zoned(single)))
	allocations := testing.AllocsPerRun(200, func() { mustAppend(t, composer, grace) })
	if allocations >= 30 {
		t.Errorf("%v allocations a mail, at most 30 wanted", allocations)
	}
}
