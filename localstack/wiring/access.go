package wiring

import "slices"

// MayStart says whether a workflow's states may start a state machine, which may be named by its ARN, by its name or as in the wiring.
func (w *Wiring) MayStart(workflow, machine string) bool {
	target, ok := w.WorkflowOf(machine)
	return ok && slices.Contains(w.Workflows[workflow].Starts, target)
}

// MayRead says whether a workflow's states may read an object of S3. With an empty key it is the bucket that is asked for: to list it.
func (w *Wiring) MayRead(workflow, bucket, key string) bool {
	return w.reach(w.Workflows[workflow].Reads, bucket, key)
}

// MayWrite says whether a workflow's states may write an object of S3.
func (w *Wiring) MayWrite(workflow, bucket, key string) bool {
	return w.reach(w.Workflows[workflow].Writes, bucket, key)
}

func (w *Wiring) reach(patterns []string, bucket, key string) bool {
	arn := w.BucketARN(bucket)
	if key != "" {
		arn += "/" + key
	}
	return slices.ContainsFunc(patterns, func(pattern string) bool { return Match(pattern, arn) })
}

// BucketARN names a bucket, as S3 does; its objects' ARNs go on with a slash and the key.
func (w *Wiring) BucketARN(bucket string) string { return "arn:" + w.Partition() + ":s3:::" + bucket }
