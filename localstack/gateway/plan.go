package gateway

import (
	"sync"
	"time"
)

// Plan is a usage plan. Zero values do not limit.
type Plan struct {
	Rate  float64 // requests per second in the long run
	Burst int     // requests at once
	Quota int     // requests per day (UTC)
}

// limiter is one key's use of its plan: a token bucket and a count of the day's requests.
type limiter struct {
	plan Plan

	mu     sync.Mutex
	tokens float64
	filled time.Time
	day    int64 // days since 1970
	used   int
}

func newLimiter(plan Plan, now time.Time) *limiter {
	return &limiter{plan: plan, tokens: float64(plan.Burst), filled: now}
}

// take admits a request, or returns API Gateway's message for one too many.
func (l *limiter) take(now time.Time) (refusal string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if day := now.Unix() / 86400; day != l.day {
		l.day, l.used = day, 0
	}
	if l.plan.Quota > 0 && l.used >= l.plan.Quota {
		return "Limit Exceeded"
	}
	if l.plan.Rate > 0 {
		l.tokens = min(l.tokens+now.Sub(l.filled).Seconds()*l.plan.Rate, float64(max(l.plan.Burst, 1)))
		l.filled = now
		if l.tokens < 1 {
			return "Too Many Requests"
		}
		l.tokens--
	}
	l.used++
	return ""
}
