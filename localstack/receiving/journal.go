package receiving

import (
	"github.com/calendarinvite/calendarinviteserver/localstack/journal"
)

// Journal keeps deliveries in the local stack's journal.
type Journal struct{ bucket *journal.Bucket }

// NewJournal uses a bucket of its own in db.
func NewJournal(db *journal.DB) Journal { return Journal{db.Bucket("deliveries")} }

// Save implements Deliveries.
func (j Journal) Save(d Delivery) error { return j.bucket.Put(d.Key(), d) }

// All implements Deliveries.
func (j Journal) All() ([]Delivery, error) {
	var all []Delivery
	err := journal.Each(j.bucket, "", func(_ string, d Delivery) error {
		all = append(all, d)
		return nil
	})
	return all, err
}
