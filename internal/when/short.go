package when

import "time"

const (
	shortDayFormat      = "Mon 2 Jan 2006"
	shortDayClockFormat = shortDayFormat + ", " + clockFormat
)

// Day is a day in words, such as "Thursday, 12 March 2026".
func Day(at time.Time) string { return at.Format(fullDayFormat) }

// ShortDay is a day in few words, such as "Thu 12 Mar 2026".
func ShortDay(at time.Time) string { return at.Format(shortDayFormat) }

// Short is the span in few words, such as "Thu 12 Mar 2026, 10:00–11:00 CET", without its repetition.
func (s Span) Short() string {
	switch {
	case !s.Known():
		return ""
	case s.AllDay:
		text := s.Start.Format(shortDayFormat)
		if last := s.End.AddDate(0, 0, -1); last.After(s.Start) {
			text += " – " + last.Format(shortDayFormat)
		}
		return text + ", all day"
	case s.withinDay():
		return s.Start.Format(shortDayFormat) + ", " + s.clocks()
	}
	return s.Start.Format(shortDayClockFormat) + s.startZone() + " – " + s.End.Format(shortDayClockFormat) + s.zone(s.End)
}

// clocks is "10:00–11:00 CET".
func (s Span) clocks() string {
	if !s.End.After(s.Start) {
		return s.Start.Format(clockFormat) + s.zone(s.Start)
	}
	return s.Start.Format(clockFormat) + s.startZone() + "–" + s.End.Format(clockFormat) + s.zone(s.End)
}

// withinDay reports whether the span has no end or ends on the day on which it starts.
func (s Span) withinDay() bool { return !s.End.After(s.Start) || sameDay(s.Start, s.End) }

// startZone is the zone of the start where the end is in another: a clock change lies between.
func (s Span) startZone() string {
	if s.zone(s.Start) == s.zone(s.End) {
		return ""
	}
	return s.zone(s.Start)
}

// Move is a change of time in few words: "Thu 12 Mar 2026, 10:00–11:00 CET → 14:00–15:00 CET". The new time is shown in the zone of
// the old one, and with its day where that is another.
func Move(from, to Span) string {
	if !from.Known() || !to.Known() {
		return from.Short() + to.Short()
	}
	if from.AllDay || to.AllDay || from.Floating != to.Floating {
		return from.Short() + " → " + to.Short()
	}
	zone := from.Start.Location()
	to.Start = to.Start.In(zone)
	if !to.End.IsZero() {
		to.End = to.End.In(zone)
	}
	if sameDay(from.Start, to.Start) && from.withinDay() && to.withinDay() {
		return from.Short() + " → " + to.clocks()
	}
	return from.Short() + " → " + to.Short()
}

func sameDay(a, b time.Time) bool { return a.YearDay() == b.YearDay() && a.Year() == b.Year() }
