package bulk

// Stored is where the parts of a list lie in S3: keys, and the prefix of the results of the Distributed Map.
type Stored struct{ Accepted, Rejected, Results string }

// StoredAs is where the parts of the list with that name lie.
func StoredAs(name string) Stored {
	prefix := "lists/" + name + "/"
	return Stored{Accepted: prefix + "accepted.jsonl", Rejected: prefix + "rejected.jsonl", Results: prefix + "results"}
}
