package when

import (
	"strconv"
	"strings"
	"time"
)

var frequencies = map[string]string{"DAILY": "day", "WEEKLY": "week", "MONTHLY": "month", "YEARLY": "year"}

var weekdays = map[string]string{
	"MO": "Monday", "TU": "Tuesday", "WE": "Wednesday", "TH": "Thursday", "FR": "Friday", "SA": "Saturday", "SU": "Sunday",
}

// Repeats says an RRULE (RFC 5545 §3.3.10) in words: "every 2 weeks on Tuesday and Thursday, 10 times". A rule with parts that have no short wording is
// only "repeats": less, but never wrong. "" says nothing.
func Repeats(rule string) string {
	if rule == "" {
		return ""
	}
	var unit, days, end string
	interval := 1
	for part := range strings.SplitSeq(strings.ToUpper(rule), ";") {
		name, value, _ := strings.Cut(part, "=")
		ok := true
		switch name {
		case "FREQ":
			unit, ok = frequencies[value]
		case "INTERVAL":
			n, err := strconv.Atoi(value)
			interval, ok = n, err == nil && n > 0
		case "BYDAY":
			days, ok = dayNames(value)
		case "COUNT":
			n, err := strconv.Atoi(value)
			if n == 1 {
				return "" // one time is no repetition
			}
			end, ok = ", "+strconv.Itoa(n)+" times", err == nil && n > 1
		case "UNTIL":
			end, ok = until(value)
		case "WKST", "":
		default:
			ok = false
		}
		if !ok {
			return "repeats"
		}
	}
	if unit == "" || (days != "" && unit != "week") {
		return "repeats"
	}
	if interval > 1 {
		return "every " + strconv.Itoa(interval) + " " + unit + "s" + days + end
	}
	return "every " + unit + days + end
}

// dayNames is " on Tuesday and Thursday"; numbered days ("2TU") have no short wording.
func dayNames(value string) (string, bool) {
	list := strings.Split(value, ",")
	if len(list) > len(weekdays) {
		return "", false
	}
	names := make([]string, 0, len(list))
	for _, day := range list {
		name, ok := weekdays[day]
		if !ok {
			return "", false
		}
		names = append(names, name)
	}
	if len(names) == 1 {
		return " on " + names[0], true
	}
	last := len(names) - 1
	return " on " + strings.Join(names[:last], ", ") + " and " + names[last], true
}

// until is ", until 31 March 2026". The day is the rule's own; which zone's day it is matters less than saying that there is an end.
func until(value string) (string, bool) {
	if len(value) < 8 {
		return "", false
	}
	day, err := time.Parse("20060102", value[:8])
	return ", until " + day.Format("2 January 2006"), err == nil
}
