package sqs

import (
	"errors"
	"fmt"
)

// batchFailure is one entry that was refused while others went through.
type batchFailure struct {
	Id          string
	SenderFault bool
	Code        string
	Message     string
}

// failed carries the code that SDKs report, which is the older one.
func failed(id string, err error) batchFailure {
	f := batchFailure{Id: id, SenderFault: true, Code: "InternalError", Message: err.Error()}
	if e := (*apiError)(nil); errors.As(err, &e) {
		f.Code, f.Message = e.code, e.message
	}
	return f
}

// checkBatch keeps the rules of every batch: 1 to 10 entries with proper, distinct ids.
func checkBatch[E any](entries []E, id func(E) string) error {
	if len(entries) == 0 {
		return old("EmptyBatchRequest", "There should be at least one entry in the request.")
	}
	if len(entries) > maxEntries {
		return old("TooManyEntriesInBatchRequest", fmt.Sprintf("Maximum number of entries per request are %d. You have sent %d.", maxEntries, len(entries)))
	}
	seen := map[string]bool{}
	for _, e := range entries {
		if !batchID.MatchString(id(e)) {
			return old("InvalidBatchEntryId", "A batch entry id can only contain alphanumeric characters, hyphens and underscores. It can be at most 80 letters long.")
		}
		if seen[id(e)] {
			return old("BatchEntryIdsNotDistinct", "Id "+id(e)+" repeated.")
		}
		seen[id(e)] = true
	}
	return nil
}
