//go:build !unix

package sqs

// hungUp cannot look at the socket here; the request's context tells, a little later.
func hungUp(uintptr) bool { return false }
