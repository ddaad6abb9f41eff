// Package sqs is the laptop's Amazon SQS: one process-safe server that speaks the AWS JSON 1.0 wire on a loopback address, so
// that the same SDK, the same consumer and the same producer run against it and against AWS with only the endpoint changed.
// It stands in local, beside the private PostgreSQL and the X-Ray receiver; only commands and tests import it.
// It does not persist anything, check signatures or permissions, encrypt, honour receive request attempt ids, or speak the old
// Query/XML protocol; policies and KMS settings are stored and answered back but have no effect.
//
// It keeps what a worker can feel: visibility timeouts, delays, long polls, receipt handles, FIFO groups and deduplication,
// dead-letter queues and move tasks, the limits, the checksums, the error codes, and the trace header. Where emulators disagree
// the answers are those that AWS itself was seen to give; sqstest has them as rules.
//
// What a real standard queue does only now and then (deliver twice, out of order, throttle, answer late or never) happens here
// when a test asks for it: see Fault. The clock can be moved with Server.Advance, so nobody waits five minutes for a
// deduplication window.
package sqs
