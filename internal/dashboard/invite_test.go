package dashboard

import (
	"testing"

	"github.com/calendarinvite/calendarinviteserver/internal/dashboard/view"
)

// Of a long list the rows are shown that would not be sent, as far as there is room, then the others; each in the list's order.
func TestExcerpt(t *testing.T) {
	list := func(sent, not int) (rows []view.DryRow) {
		for n := range sent + not {
			row := view.DryRow{Row: n, Result: view.DrySend}
			if n >= sent {
				row.Result = view.DryInvalid
			}
			rows = append(rows, row)
		}
		return rows
	}
	for _, test := range []struct{ sent, not, wantSent, wantNot int }{
		{0, 0, 0, 0}, {3, 2, 3, 2}, {view.DryRows, 0, view.DryRows, 0}, {view.DryRows, 1, view.DryRows - 1, 1}, {1, view.DryRows, 0, view.DryRows}, {9000, 9000, 0, view.DryRows},
	} {
		shown, more := excerpt(list(test.sent, test.not))
		if len(shown) != test.wantSent+test.wantNot || more != test.sent+test.not-len(shown) {
			t.Errorf("%+v: %d rows are shown, %d more", test, len(shown), more)
		}
		for i, row := range shown {
			if bad := i < test.wantNot; (row.Result != view.DrySend) != bad {
				t.Errorf("%+v: row %d of those shown is %q", test, i, row.Result)
			}
			if i > 0 && shown[i-1].Result == row.Result && shown[i-1].Row >= row.Row {
				t.Errorf("%+v: row %d comes after %d", test, row.Row, shown[i-1].Row)
			}
		}
	}
}
