// Package faults shows that nothing is lost and nothing doubled, whatever breaks. It starts real worker processes against
// the laptop's cloud, breaks something at a named point of a job's life, and then looks for the invariant in the ledger,
// the published files, the queue and the dead letters.
//
// It stands beside cmd and may import everything; it holds tests only. It puts no hook into production code: every point is
// reached from outside, by what a worker sends over its connections. It does not test what a package of its own tests
// already show; its table names those tests instead.
package faults
