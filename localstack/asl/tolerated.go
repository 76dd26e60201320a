package asl

import "strconv"

// tolerated is how much of a Map Run may fail: ToleratedFailureCount and ToleratedFailurePercentage.
// https://docs.aws.amazon.com/step-functions/latest/dg/state-map-distributed.html
type tolerated struct {
	hasCount, hasPercentage bool
	count                   amount
	percentage              float64
	percentagePath          *Path
}

// tolerance is what is tolerated in one Map Run. The zero value tolerates nothing.
type tolerance struct {
	hasCount, hasPercentage bool
	count                   int64   // items
	percentage              float64 // of all items
}

func (t *tolerated) in(d data) (tolerance, *Failure) {
	now := tolerance{hasCount: t.hasCount, hasPercentage: t.hasPercentage, percentage: t.percentage}
	var failure *Failure
	if now.count, failure = t.count.integer("ToleratedFailureCountPath", "ToleratedFailureCount", d); failure != nil {
		return now, failure
	}
	if t.percentagePath == nil {
		return now, nil
	}
	found, err := d.find(t.percentagePath)
	if err != nil {
		return now, invalidPath(t.percentagePath, err)
	}
	digits := plain(found)
	now.percentage, err = strconv.ParseFloat(digits, 64)
	switch {
	case err != nil:
		return now, runtimeError("The ToleratedFailurePercentagePath field refers to value \"%s\" which is not a valid float: %s", digits, t.percentagePath)
	case !(now.percentage >= 0 && now.percentage <= 100): // so that NaN is refused, too
		return now, runtimeError("ToleratedFailurePercentage must be between 0 and 100.")
	}
	return now, nil
}

// exceeded says whether so many failed items out of all are too many. Where both limits are given, either is enough.
func (t tolerance) exceeded(failed, all int) bool {
	switch {
	case t.hasCount && int64(failed) > t.count:
		return true
	case t.hasPercentage:
		return float64(failed)*100 > t.percentage*float64(all)
	}
	return !t.hasCount && failed > 0
}

// tooManyFailed is the failure of a Map Run whose tolerance was exceeded.
func tooManyFailed() *Failure {
	return &Failure{Name: ErrorToleratedFailures, Cause: "The specified tolerated failure threshold was exceeded"}
}
